"""What the driver says is whole lines; what it waits for it waits for in bounds."""

from __future__ import annotations

import io
import json
import threading

import pytest

from gstreamer.core.errors import ConfigurationError, UnavailableError
from gstreamer.driver import Told, patiently


def test_each_part_is_one_json_line() -> None:
    out = io.StringIO()
    told = Told(out)

    with told.part("ray") as notes:
        notes += ["one", "two"]
    told.say(ready=True)

    first, last = (json.loads(line) for line in out.getvalue().splitlines())
    assert first.pop("took_s") >= 0
    assert first == {"part": "ray", "ready": True, "note": "one, two"}
    assert last == {"ready": True}


def test_a_part_that_fails_is_not_told_as_ready() -> None:
    out = io.StringIO()

    with pytest.raises(ConfigurationError), Told(out).part("ray"):
        raise ConfigurationError("no")

    assert out.getvalue() == ""


def test_what_is_not_there_yet_is_tried_again() -> None:
    answers = iter([UnavailableError("starting"), UnavailableError("starting"), None])

    def act() -> None:
        answer = next(answers)
        if answer is not None:
            raise answer

    patiently(act, 60.0, threading.Event())

    assert next(answers, "all used") == "all used"


@pytest.mark.parametrize(("patience_s", "given_up"), [(0.0, False), (60.0, True)])
def test_it_is_tried_once_without_patience_and_after_a_stop(patience_s: float, given_up: bool) -> None:
    tries: list[int] = []
    stopped = threading.Event()
    if given_up:
        stopped.set()

    def act() -> None:
        tries.append(1)
        raise UnavailableError("down")

    with pytest.raises(UnavailableError):
        patiently(act, patience_s, stopped)

    assert len(tries) == 1


def test_what_will_not_get_better_is_not_waited_for() -> None:
    def act() -> None:
        raise ConfigurationError("no")

    with pytest.raises(ConfigurationError):
        patiently(act, 60.0, threading.Event())
