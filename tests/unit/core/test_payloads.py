"""Every type of the catalogue says what its event object holds, in words that the pages can be made from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gstreamer.core.catalogue import CATALOGUE, Kind
from gstreamer.core.payloads import PAYLOADS, Field, Shape

WORDS = {"text", "int", "bool", "time", "any"}


def words(field: Field) -> Iterator[str]:
    if isinstance(field, str):
        yield field
    elif isinstance(field, list):
        yield from words(field[0])
    else:
        for of in field.values():
            yield from words(of)


def names(shape: Shape) -> set[str]:
    return {name.rstrip("?") for name in shape}


def test_the_catalogue_and_the_payloads_name_the_same_types() -> None:
    assert PAYLOADS.keys() == CATALOGUE.keys()


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.type)
def test_a_field_that_decides_something_is_one_that_twitch_sends(kind: Kind) -> None:
    deciding = {*kind.restricted, kind.key, kind.measure} - {""}

    assert deciding <= names(PAYLOADS[kind.type])


@pytest.mark.parametrize("event_type", PAYLOADS)
def test_only_known_words_are_used(event_type: str) -> None:
    for said in words(PAYLOADS[event_type]):
        word, *known = said.split()
        assert word in WORDS
        assert not known or word == "text"


@pytest.mark.parametrize("event_type", PAYLOADS)
def test_a_name_stands_once(event_type: str) -> None:
    assert len(names(PAYLOADS[event_type])) == len(PAYLOADS[event_type])
