"""`gstreamer migrate`: every shard's schema brought to this version, or what would be done."""

from __future__ import annotations

from collections.abc import Iterator

from gstreamer.core.errors import ConfigurationError
from gstreamer.settings import Settings
from gstreamer.store.engine import place_of
from gstreamer.store.migrate import migrate, standing


def migrated(tree: Settings, *, dry_run: bool) -> Iterator[str]:
    """
    Bring one shard after the other forward; a sentence for each.

    Raises:
        ConfigurationError: No shard is set, or one is of a newer gstreamer.
        UnavailableError: A shard does not answer.
    """
    if not tree.store.urls:
        raise ConfigurationError(
            "no shard is set: an embedded PostgreSQL is migrated by `gstreamer up` itself; set GSTREAMER_STORE__URLS"
        )
    dsns = [url.get_secret_value() for url in tree.store.urls]
    # All of them are looked at before any is changed.
    for dsn, (found, newest) in [(dsn, standing(dsn)) for dsn in dsns]:
        if found == newest:
            yield f"{place_of(dsn)}: {newest}, as it shall be"
        elif dry_run:
            yield f"{place_of(dsn)}: {found or 'empty'}, would become {newest}"
        else:
            yield f"{place_of(dsn)}: {found or 'empty'} -> {migrate(dsn)}"
