"""The api's reference as a page without scripts, written from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>gstreamer: REST</title>
</head>
<body>
<main>
"""
FOOT = "</main>\n</body>\n</html>\n"


def reference(document: dict[str, Any]) -> str:
    """The reference as HTML."""
    return HEAD + "\n".join(_lines(document)) + FOOT


def _lines(document: dict[str, Any]) -> Iterator[str]:
    yield f"<h1>{escape(document['info']['title'])}: REST</h1>"
    yield f"<p>{escape(document['info']['summary'])}</p>"
    yield '<p>As a document for programs: <a href="/api/openapi.json">/api/openapi.json</a></p>'
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _operation(method, path, operation)
    yield "<h1>Shapes</h1>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _shape(name, schema)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if "security" not in operation:
        yield "<p>Needs no session.</p>"
    parameters = operation.get("parameters", ())
    if parameters:
        yield "<ul>"
        for parameter in parameters:
            words = parameter.get("description", parameter["schema"].get("title", ""))
            where = f"{parameter['in']}{', needed' if parameter.get('required') else ''}"
            yield f"<li><code>{escape(parameter['name'])}</code> ({where}): {escape(words)}</li>"
        yield "</ul>"
    taken = _content(operation.get("requestBody", {}))
    if taken:
        yield f"<p>Takes {taken}</p>"
    for status, response in operation["responses"].items():
        if status != "default":
            yield f"<p>{escape(status)} {_content(response)}</p>"


def _shape(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f'<h2 id="{escape(name)}"><code>{escape(name)}</code></h2>'
    yield f"<p>{escape(schema.get('description', ''))}</p>"
    yield "<ul>"
    for member, kind in schema.get("properties", {}).items():
        yield f"<li><code>{escape(member)}</code>: {_kind(kind)} {escape(kind.get('description', ''))}</li>"
    yield "</ul>"


def _content(holder: dict[str, Any]) -> str:
    kinds = (_kind(content.get("schema", {})) for content in holder.get("content", {}).values())
    return ", ".join(kind for kind in kinds if kind)


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(escape(repr(one)) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    return escape(str(schema.get("type", "")))
