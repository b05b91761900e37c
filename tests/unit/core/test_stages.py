"""What happened to an event here in the last ten minutes can be asked."""

from __future__ import annotations

from gstreamer.core.stages import Stages


def test_the_first_time_at_a_stage_stands() -> None:
    stages = Stages()
    stages.mark("m", "consumed", 5)
    stages.mark("m", "batched", 7)
    stages.mark("m", "batched", 9)

    assert stages.of("m") == {"consumed": 5, "batched": 7}


def test_an_event_is_forgotten_by_age() -> None:
    stages = Stages(keep_ms=100)
    stages.mark("old", "consumed", 0)

    stages.mark("edge", "consumed", 100)
    assert stages.of("old") == {"consumed": 0}
    stages.mark("new", "consumed", 101)

    assert stages.of("old") == {}
    assert len(stages) == 2


def test_a_flood_pushes_the_oldest_out() -> None:
    stages = Stages(max_events=3)
    for n in range(5):
        stages.mark(f"m{n}", "consumed", 0)

    assert [len(stages.of(f"m{n}")) for n in range(5)] == [0, 0, 1, 1, 1]
