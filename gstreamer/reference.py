"""Pages of the documentation that are made from the code: every setting, every metric, every event.

``python -m gstreamer.reference settings > docs/settings.md``, and so with the other names in ``PAGES``. A test
compares, so none can grow old.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from gstreamer import reference_events
from gstreamer.metrics import METRICS
from gstreamer.settings import PREFIX, Section, Settings, env_name, is_secret

_SETTINGS_HEAD = f"""# Settings

Made from `gstreamer/settings.py` by `python -m gstreamer.reference settings > docs/settings.md`.

Each setting comes from the environment, as `{PREFIX}` and its name below, or from `gstreamer.toml` in the
working directory, where a section is a table (`KAFKA__TOPIC_PREFIX` is `topic_prefix` in `[kafka]`). The
environment wins. An unknown name is an error, and so is a value that does not fit; the message names the setting.

- A list is written `a,b` in the environment, a map as JSON.
- Each setting marked **secret** is never shown, and can come from a file: `{PREFIX}SESSION__SECRET_FILE=/run/secret`
  takes the file's text as the value, without the white space around it.
- What is empty below is unset; `gstreamer up` then starts a part of its own in its place, or makes a secret.
"""

_METRICS_HEAD = """# Metrics

Made from `gstreamer/metrics.py` by `python -m gstreamer.reference metrics > docs/metrics.md`.

Ray's metrics agent of each node shows them as Prometheus text, by `ray_` and the name below; counters end in `_total`
besides. No label carries a streamer or a person, so that series stay few.
"""


def settings_page() -> str:
    """The page of all settings, as ``docs/settings.md`` holds it."""
    return "\n".join([_SETTINGS_HEAD, *_sections(Settings, ())]).rstrip() + "\n"


def metrics_page() -> str:
    """The page of all metrics, as ``docs/metrics.md`` holds it."""
    rows = ((f"`{one.name}`", one.kind, one.unit, ", ".join(one.labels), f"{one.help}.") for one in METRICS)
    return "\n".join([_METRICS_HEAD, *_table(("name", "kind", "unit", "labels", "what"), rows)]) + "\n"


def events_page() -> str:
    """The page of all events, as ``docs/events.md`` holds it."""
    above, between = reference_events.heads()
    overview, contents = _table(*reference_events.overview()), _table(*reference_events.contents())
    return "\n".join([above, *overview, between, *contents]) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "settings": settings_page,
    "metrics": metrics_page,
    "events": events_page,
    "schema": reference_events.schema,
    "types": reference_events.types,
}


def _sections(section: type[BaseModel], path: tuple[str, ...]) -> Iterator[str]:
    fields: Any = section.model_fields.items()
    if path:
        yield f"## {'__'.join(path).upper()}__…\n\n{section.__doc__}\n"
    else:
        yield "## For all parts\n"
    rows = ((*path, name) for name, field in fields if not _is_section(field))
    yield from _table(("name", "default", "what"), (_row(name, section) for name in rows))
    yield ""
    for name, field in fields:
        if _is_section(field):
            yield from _sections(field.annotation, (*path, name))


def _is_section(field: Any) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, Section)


def _row(path: tuple[str, ...], section: type[BaseModel]) -> tuple[str, ...]:
    field: Any = section.model_fields[path[-1]]
    notes = [field.description, *_bounds(field)]
    if is_secret(field):
        notes.append("**Secret.**")
    return f"`{env_name(path).removeprefix(PREFIX)}`", _default(field), " ".join(notes)


def _bounds(field: Any) -> Iterator[str]:
    choices = list(_choices(field.annotation))
    if choices:
        yield (
            ("Any of " if get_origin(field.annotation) is tuple else "One of ")
            + ", ".join(f"`{choice}`" for choice in choices)
            + "."
        )
    limits = {
        name: getattr(part, name)
        for part in field.metadata
        for name in ("ge", "le")
        if getattr(part, name, None) is not None
    }
    if len(limits) == 2:
        yield f"{limits['ge']} to {limits['le']}."
    elif "ge" in limits:
        yield f"At least {limits['ge']}."


def _choices(kind: Any) -> Iterator[str]:
    if get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
    else:
        for part in get_args(kind):
            yield from _choices(part)


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value == () or value == {} or isinstance(value, SecretStr) or value is PydanticUndefined:
        return ""
    text = ",".join(map(str, value)) if isinstance(value, tuple) else value
    return f"`{json.dumps(text) if isinstance(text, bool) else text}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", r"\|").replace("<", "&lt;") for cell in row) + " |"


def main(arguments: list[str]) -> int:
    """Print the page that is named."""
    if len(arguments) != 1 or arguments[0] not in PAGES:
        sys.stderr.write(f"usage: python -m gstreamer.reference {'|'.join(PAGES)}\n")
        return 2
    sys.stdout.write(PAGES[arguments[0]]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
