"""Errors tell what happened in words, and survive the way from one actor to another."""

from __future__ import annotations

import inspect
import pickle

import pytest

from gstreamer.core import errors
from gstreamer.core.encoding import UnusableRecordError
from gstreamer.core.errors import (
    BadMessageError,
    GStreamerError,
    InvalidTicketError,
    RejectedError,
    UnavailableError,
    UnrecoverablePositionError,
)
from gstreamer.core.ports import NotOwnerError
from gstreamer.core.problems import ProblemError

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, GStreamerError) and found.__module__ == errors.__name__
]


def example(kind: type[GStreamerError]) -> GStreamerError:
    """An error of this class, each argument of its own value."""
    parameters = [] if kind.__init__ is Exception.__init__ else list(inspect.signature(kind).parameters.values())
    if not parameters or parameters[0].kind is inspect.Parameter.VAR_POSITIONAL:
        return kind("what is wrong")
    return kind(*(7 + n if one.annotation == "int" else f"text {n}" for n, one in enumerate(parameters)))


@pytest.mark.parametrize("kind", [*CLASSES, NotOwnerError, UnusableRecordError, ProblemError])
def test_an_error_survives_pickling(kind: type[GStreamerError]) -> None:
    error = ProblemError(404, "none", "urn:x", {"a": 1}, {"b": "2"}) if kind is ProblemError else example(kind)

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is kind
    assert (str(copy), copy.args, vars(copy)) == (str(error), error.args, vars(error))


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_drawn_in_the_tree(kind: type[GStreamerError]) -> None:
    assert f"{kind.__name__}" in (errors.__doc__ or "")


def test_texts_carry_the_facts() -> None:
    assert str(UnrecoverablePositionError(3, 9)) == "wanted offset 3, oldest kept is 9"
    assert str(InvalidTicketError("ticket has expired", 4006)) == "ticket has expired"
    assert str(BadMessageError("bad_request", "streamer_id is missing")) == "streamer_id is missing"


def test_what_a_caller_can_do_decides_the_class() -> None:
    assert issubclass(InvalidTicketError, RejectedError)
    assert issubclass(NotOwnerError, UnavailableError)
    assert not issubclass(UnavailableError, RejectedError)
