"""A filter takes the types it names and the families it names, and equal wishes are one value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.events import Event, EventClass, Role, Terms
from gstreamer.core.filters import ALL, filter_of, role_of

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


def event_of(event_type: str, terms: Terms | None = None) -> Event:
    return Event(1, EventClass.CRITICAL, event_type, "", "m", b"whole", 0, terms)


def test_minima_leave_out_only_what_has_an_amount() -> None:
    cheers = [event_of("channel.cheer", Terms(bits=bits)) for bits in (1, 99, 100)]
    subs = [event_of("channel.subscribe", Terms(tier=tier)) for tier in (1000, 2000, 3000)]
    others = [event_of("stream.online"), event_of("channel.cheer", Terms())]
    events = [*cheers, *subs, *others]

    assert filter_of(None).select(events) == events
    assert filter_of(None, 100).select(events) == [cheers[2], *subs, *others]
    assert filter_of(None, 0, 2000).select(events) == [*cheers, *subs[1:], *others]
    assert filter_of(["channel.subscribe"], 100, 3000).select(events) == [subs[2]]


def test_equal_wishes_for_a_minimum_are_one_value() -> None:
    assert filter_of(["a"], 100) == filter_of(["a"], 100) != filter_of(["a"], 101)
    assert filter_of(None, 0, 0) is ALL


def test_a_filter_without_a_role_is_a_viewers() -> None:
    restricted = event_of("channel.ban", Terms(Role.MODERATOR, Role.MODERATOR))
    cut = event_of("user.update", Terms(Role.VIEWER, Role.BROADCASTER, b"cut"))

    def shown(role: Role) -> list[bytes]:
        return [one.encoded for one in ALL._replace(role=role).select([restricted, cut])]

    assert [one.encoded for one in ALL.select([restricted, cut])] == [b"cut"]
    assert [shown(role) for role in Role] == [[b"cut"], [b"whole", b"cut"], [b"whole", b"whole"]]


def test_only_the_streamer_is_the_broadcaster() -> None:
    assert role_of("1001", "1001") is Role.BROADCASTER
    assert role_of("1002", "1001") is Role.VIEWER
    assert role_of(None, "1001") is Role.VIEWER
