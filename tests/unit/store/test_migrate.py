"""The files of the migrations say what alembic says, so that a start that has nothing to do need not load it."""

from __future__ import annotations

from alembic.config import Config
from alembic.script import ScriptDirectory

from gstreamer.store.migrate import MIGRATIONS, revisions


def test_revisions_are_alembics_in_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    assert revisions() == tuple(script.revision for script in scripts.walk_revisions())[::-1]
    assert scripts.get_heads() == [revisions()[-1]]
