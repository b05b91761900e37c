"""A filter takes the types it names and the families it names, and equal wishes are one value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.filters import ALL, filter_of

TYPES = [
    "stream.online",
    "stream.offline",
    "channel.cheer",
    "channel.chat.message",
    "channel.raid",
    "channels.x",
    "a",
]
PATTERNS = [*TYPES, "channel.*", "channel.chat.*", "stream.*", "*"]
LEFT_OUT = ["-channel.*", "-channel.chat.*", "-stream.*", "-channel.cheer", "-a"]


def matches(name: str, pattern: str) -> bool:
    return name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))


def test_nothing_asked_for_is_everything() -> None:
    assert filter_of(None) is ALL
    assert all(ALL.wants(name) for name in TYPES)


def test_a_family_ends_at_its_dot() -> None:
    channel = filter_of(["channel.*"])

    assert [name for name in TYPES if channel.wants(name)] == [
        "channel.cheer",
        "channel.chat.message",
        "channel.raid",
    ]


@given(st.lists(st.sampled_from(PATTERNS), min_size=1))
def test_a_filter_wants_what_any_of_its_patterns_wants(patterns: list[str]) -> None:
    wants = filter_of(patterns).wants

    for name in TYPES:
        assert wants(name) == any(matches(name, pattern) for pattern in patterns)


def test_a_wish_that_only_leaves_out_takes_all_the_rest() -> None:
    quiet = filter_of(["-channel.chat.*"])

    assert [name for name in TYPES if not quiet.wants(name)] == ["channel.chat.message"]


@given(st.lists(st.sampled_from(PATTERNS)), st.lists(st.sampled_from(LEFT_OUT), min_size=1))
def test_what_is_left_out_is_not_wanted_whatever_else_is_said(patterns: list[str], left_out: list[str]) -> None:
    wants = filter_of([*left_out, *patterns]).wants

    for name in TYPES:
        taken = not patterns or any(matches(name, pattern) for pattern in patterns)
        assert wants(name) == (taken and not any(matches(name, pattern[1:]) for pattern in left_out))


@given(st.lists(st.sampled_from(PATTERNS), min_size=1), st.randoms())
def test_the_order_of_a_wish_does_not_matter(patterns: list[str], chance: object) -> None:
    shuffled = sorted(patterns, key=lambda _: chance.random())  # type: ignore[attr-defined]

    assert filter_of(shuffled) == filter_of(patterns * 2)
