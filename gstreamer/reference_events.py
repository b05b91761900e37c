"""What client authors get of the catalogue: a page, a JSON Schema, and TypeScript types.

All three come from ``core.catalogue`` and ``core.payloads`` alone; ``gstreamer.reference`` prints them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from gstreamer.core.catalogue import CATALOGUE, GRANTED_FAMILIES, OPEN_FAMILIES, Kind
from gstreamer.core.events import EventClass, Role
from gstreamer.core.payloads import PAYLOADS, Field, Shape

_HEAD = """# Events

Made from `gstreamer/core/catalogue.py` and `gstreamer/core/payloads.py` by
`python -m gstreamer.reference events > docs/events.md`. By the same command with `schema` comes
[events.schema.json](events.schema.json), a JSON Schema of an event, and with `types` the page's TypeScript types.

How an event is wrapped, and what its class means, is in [protocol.md](protocol.md). Twitch adds fields, values and
types without notice: ignore what you do not know. Types that are not here flow as class `critical`, unchanged.

## What there is

- *Family* is the name in `TWITCH__FAMILIES` or, where a scope stands, of what comes with a streamer's grant. Where
  none stands, gstreamer does not subscribe to the type for a streamer, and passes it on if it comes. `raid` is a raid
  that arrives; `raid_out` is the same type for one that leaves.
- *Scope* is what the streamer must have granted; one is enough. Chat needs `channel:bot` and `user:bot` besides.
- *Read for others by* is what somebody else must have granted to read it with a token of their own, over a WebSocket
  of Twitch's: any viewer for chat, a moderator of that channel for the rest. gstreamer reads chat so.
- *Ways* are how Twitch delivers it.
- *Cost* is what one subscription takes of Twitch's budget for a streamer who has not authorised gstreamer; it is 0
  for one who has.
- *Seen by* is the least role that gets the event; fields in brackets are cut out for everybody below that role.
"""

_FIELDS = """
## What is in `data`

`?`: may be absent or null. `x_*` stands for `x_id`, `x_login` and `x_name`, all text. What has no word is text.
"""

_SEEN = {Role.VIEWER: "everybody", Role.MODERATOR: "moderators", Role.BROADCASTER: "the broadcaster"}
_WORDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "any": {},
}
_TYPESCRIPT = {"text": "string", "time": "string", "int": "number", "bool": "boolean", "any": "unknown"}
_PERSON = ("id", "login", "name")

Table = Iterable[tuple[str, ...]]


def overview() -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of the page's first table."""
    head = ("type", "version", "class", "family", "scope", "read for others by", "ways", "cost", "seen by")
    return head, [_row(kind) for kind in CATALOGUE.values()]


def contents() -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of the page's second table."""
    return ("type", "fields"), [(f"`{name}`", ", ".join(_fields(shape))) for name, shape in PAYLOADS.items()]


def heads() -> tuple[str, str]:
    """What stands above each of the two tables."""
    return _HEAD, _FIELDS


def schema() -> str:
    """The JSON Schema of an event, as ``docs/events.schema.json`` holds it."""
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An event of gstreamer.v1",
        "description": "Made by `python -m gstreamer.reference schema`. Fields, values and types may be added.",
        "type": "object",
        "required": ["id", "type", "version", "streamer_id", "at", "position", "class", "data"],
        "properties": {
            "id": {"type": "string", "description": "Twitch's message id, or one that begins with gs-"},
            "type": {"type": "string", "examples": list(CATALOGUE)},
            "version": {"type": "string"},
            "streamer_id": {"type": "string", "pattern": "^[0-9]{1,20}$"},
            "at": {"type": "string", "format": "date-time"},
            "position": {"type": "string", "description": "epoch:offset"},
            "class": {"enum": [one.label for one in EventClass]},
            "reconciled": {"const": True, "description": "gstreamer found it by asking Twitch"},
            "data": {"type": "object"},
        },
        "allOf": [
            {
                "if": {"properties": {"type": {"const": kind.type}}},
                "then": {
                    "properties": {
                        "class": {"const": kind.event_class.label},
                        "data": {"$ref": f"#/$defs/{kind.type}"},
                    }
                },
            }
            for kind in CATALOGUE.values()
        ],
        "$defs": {name: _object(shape, CATALOGUE[name].restricted) for name, shape in PAYLOADS.items()},
    }
    return json.dumps(whole, indent=1) + "\n"


def types() -> str:
    """The TypeScript types, as ``frontend/src/lib/live/events.generated.ts`` holds them."""
    lines = [
        "// Made by `python -m gstreamer.reference types`; not to be edited. A test says when it is not current.",
        "/* eslint-disable max-lines -- one entry for each type that Twitch has */",
        "",
        "/** What `data` holds, by the type of the event. Twitch adds fields and values without notice. */",
        "export interface EventData {",
    ]
    for name, shape in PAYLOADS.items():
        lines.append(f'  "{name}": {_typescript(shape, 1, CATALOGUE[name].restricted)};')
    lines += [
        "}",
        "",
        "/** The types that gstreamer knows; others flow as class `critical`. */",
        "export type EventType = keyof EventData;",
        "",
        "/** How each known type may be thinned for a slow socket. */",
        'export const EVENT_CLASSES: Readonly<Record<EventType, "critical" | "state" | "chat">> = {',
        *(f'  "{kind.type}": "{kind.event_class.label}",' for kind in CATALOGUE.values()),
        "};",
    ]
    return "\n".join(lines) + "\n"


def _row(kind: Kind) -> tuple[str, ...]:
    seen = _SEEN[kind.audience]
    if kind.restricted:
        seen += f" ({', '.join(f'`{name}`' for name in kind.restricted)}: {_SEEN[kind.restricted_to]})"
    if kind.scopes:
        scopes = " or ".join(f"`{scope}`" for scope in kind.scopes)
    else:
        scopes = "none" if kind.conditions else "gstreamer's own"
    family = f"`{kind.family}`" if kind.family in (*OPEN_FAMILIES, *GRANTED_FAMILIES) else ""
    versions = ", ".join(kind.versions)
    readers = " or ".join(f"`{scope}`" for scope in kind.reader_scopes)
    ways = ", ".join(kind.transports)
    return f"`{kind.type}`", versions, kind.event_class.label, family, scopes, readers, ways, str(kind.cost), seen


def _fields(shape: Shape) -> Iterator[str]:
    """The fields in the page's short form."""
    for name, field in shape.items():
        bare, mark = name.rstrip("?"), "?" if name.endswith("?") else ""
        prefix, _, part = bare.rpartition("_")
        if part in _PERSON and all(f"{prefix}_{one}{mark}" in shape for one in _PERSON):
            if part == "id":
                yield f"`{prefix}_*{mark}`"
        else:
            yield f"`{name}`{_short(field)}"


def _short(field: Field) -> str:
    if isinstance(field, str):
        word, *known = field.split()
        if known:
            return f" ({', '.join(known)})"
        return "" if word == "text" else f" {word}"
    if isinstance(field, list):
        return f" [{_short(field[0]).strip()}]"
    return f" {{{', '.join(_fields(field))}}}"


def _object(shape: Shape, restricted: tuple[str, ...] = ()) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, field in shape.items():
        of = _schema(field)
        properties[name.rstrip("?")] = {"anyOf": [of, {"type": "null"}]} if name.endswith("?") and of else of
    required = [name for name in shape if not name.endswith("?") and name not in restricted]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _schema(field: Field) -> dict[str, Any]:
    if isinstance(field, str):
        word, *known = field.split()
        return {**_WORDS[word], "examples": known} if known else _WORDS[word]
    if isinstance(field, list):
        return {"type": "array", "items": _schema(field[0])}
    return _object(field)


def _typescript(field: Field, depth: int, restricted: tuple[str, ...] = ()) -> str:
    if isinstance(field, str):
        return _TYPESCRIPT[field.split()[0]]
    if isinstance(field, list):
        return f"{_typescript(field[0], depth)}[]"
    if not field:
        return "Record<string, unknown>"
    indent = "  " * depth
    lines = []
    for name, of in field.items():
        optional = "?" if name.endswith("?") or name in restricted else ""
        said = _typescript(of, depth + 1)
        if name.endswith("?") and said != "unknown":
            said += " | null"
        lines.append(f"{indent}  {name.rstrip('?')}{optional}: {said};")
    return "\n".join(["{", *lines, f"{indent}}}"])
