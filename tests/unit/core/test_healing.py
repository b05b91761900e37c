"""Twitch's truth against a streamer's log: what differs is found once; what is young or seen once is left alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.fold import OFFLINE, ONLINE, UNKNOWN, UPDATE, Mark, StreamerState, fold
from gstreamer.core.healing import (
    APART_S,
    ARRIVES_S,
    POLLED_SETTLED_S,
    REMEMBERED_S,
    SETTLED_S,
    VERSIONS,
    About,
    Finding,
    Healing,
    Running,
    is_told,
    offline_event,
    online_event,
    update_event,
)

NOW = 1_700_000_000.0
HOUR = 3_600.0
SILENT = UNKNOWN._replace(position="e:3")
ABOUT = About("ann", "Ann", "Go", "en", "743", "Chess", ("Gambling",))


def running(stream_id: str = "s1", age_s: float = HOUR, title: str = "Go", now_s: float = NOW) -> Running:
    started_s = now_s - age_s
    started_at = f"{dt.datetime.fromtimestamp(started_s, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Running(stream_id, "ann", "Ann", "live", started_at, started_s, title, "Chess")


def state(*events: tuple[str, dict[str, Any], float]) -> StreamerState:
    """A log's state after these events, each so many seconds old; the first at offset 0."""
    found = UNKNOWN
    for offset, (event_type, data, age_s) in enumerate(events):
        found = fold(found, event_type, data, f"e:{offset}", int((NOW - age_s) * 1_000))
    return found


def began(stream_id: str = "s1", age_s: float = HOUR) -> tuple[str, dict[str, Any], float]:
    return ONLINE, {"id": stream_id, "started_at": "T"}, age_s


def ended(age_s: float = HOUR) -> tuple[str, dict[str, Any], float]:
    return OFFLINE, {}, age_s


def look(
    healing: Healing, truth: Running | None, log: StreamerState, at_s: float = 0.0, polled: bool = False
) -> list[str]:
    return [one.message_id for one in healing.look("11", truth, log, NOW + at_s, polled=polled)]


@pytest.fixture
def healing() -> Healing:
    return Healing(VERSIONS)


@pytest.mark.parametrize("log", [state(began()), state(ended()), UNKNOWN])
def test_what_agrees_is_left_alone(healing: Healing, log: StreamerState) -> None:
    truth = None if log.live is False else running()

    assert [look(healing, truth, log, 60 * n) for n in range(3)] == [[], [], []]


def test_a_missed_start_is_found_by_one_answer(healing: Healing) -> None:
    assert look(healing, running(), state(began("s0", 2 * HOUR), ended())) == ["gs-stream.online-11-s1-1"]


def test_a_missed_end_is_found_by_two_answers_apart(healing: Healing) -> None:
    log = state(began())

    assert look(healing, None, log) == []
    assert look(healing, None, log, APART_S - 1) == []
    assert look(healing, None, log, APART_S) == ["gs-stream.offline-11-s1-0"]


def test_an_answer_that_lacks_a_stream_now_and_then_ends_nothing(healing: Healing) -> None:
    log = state(began())

    assert [look(healing, running() if n % 2 else None, log, 60 * n) for n in range(6)] == [[]] * 6


def test_an_end_and_a_start_that_were_missed_are_both_told(healing: Healing) -> None:
    assert look(healing, running("s2"), state(began("s1"))) == [
        "gs-stream.offline-11-s1-0",
        "gs-stream.online-11-s2-0",
    ]


def test_a_stream_without_an_id_is_whichever_runs(healing: Healing) -> None:
    log = state((ONLINE, {}, HOUR))

    assert look(healing, running(), log) == []
    assert look(healing, None, log, 60) == []
    assert look(healing, None, log, 120) == ["gs-stream.offline-11--0"]


@pytest.mark.parametrize(("polled", "settled_s"), [(False, SETTLED_S), (True, POLLED_SETTLED_S)])
def test_a_young_event_is_never_contradicted(healing: Healing, polled: bool, settled_s: float) -> None:
    for truth, log in [(running("s2"), state(ended(0))), (None, state(began("s1", 0)))]:
        look(healing, truth, log, settled_s - APART_S - 1, polled)
        assert look(healing, truth, log, settled_s - 1, polled) == []
        assert look(healing, truth, log, settled_s, polled) != []


def test_a_stream_that_began_just_now_is_given_time_for_its_event(healing: Healing) -> None:
    young, old = running(age_s=ARRIVES_S - 1), running(age_s=ARRIVES_S)

    for log in (state(ended()), SILENT):
        assert look(healing, young, log) == []
        assert look(healing, old, log) != []
        assert look(Healing(VERSIONS), young, log, polled=True) != []


def test_a_silent_log_would_know_of_what_began_lately(healing: Healing) -> None:
    assert look(healing, running(age_s=REMEMBERED_S), SILENT) == ["gs-stream.online-11-s1--1"]
    assert look(Healing(VERSIONS), running(age_s=REMEMBERED_S + 1), SILENT) == []


def test_a_new_log_knows_of_nothing_that_began_before_it(healing: Healing) -> None:
    new = UNKNOWN._replace(position="e:-1")

    assert look(healing, running(age_s=60), new) == []
    assert look(healing, running(age_s=60), new, 60) == []
    assert look(healing, running("s2", age_s=60), new, 120) != []


def test_a_start_is_found_again_until_the_log_has_it(healing: Healing) -> None:
    truth = running(age_s=60)
    found = [look(healing, truth, SILENT, 60 * n) for n in range(3)]

    assert found == [["gs-stream.online-11-s1--1"]] * 3
    assert look(healing, truth, state(began("s1", 0))) == []


def test_beside_a_silent_log_the_answers_before_count(healing: Healing) -> None:
    """An outage of hours: it was offline before, and is live after it."""
    look(healing, None, UNKNOWN)
    lately = running(age_s=2 * HOUR, now_s=NOW + 3 * HOUR)

    assert look(healing, lately, UNKNOWN, 3 * HOUR) == ["gs-stream.online-11-s1--1"]
    assert look(healing, None, UNKNOWN, 3 * HOUR + 60) == [], "it was never told that it runs"


def test_a_page_that_missed_an_old_stream_does_not_make_it_new(healing: Healing) -> None:
    look(healing, None, UNKNOWN)

    assert look(healing, running(), UNKNOWN, 60) == []
    assert look(healing, None, UNKNOWN, 120) == []
    assert look(healing, None, UNKNOWN, 180) == ["gs-stream.offline-11-s1--1"]


def test_an_answer_from_before_a_start_does_not_count_towards_its_end(healing: Healing) -> None:
    look(healing, None, state(ended()))
    log = state(ended(2 * HOUR), began("s1", HOUR))

    assert look(healing, None, log, 120) == []
    assert look(healing, None, log, 180) != []


def test_a_title_that_differs_is_found_once_the_last_update_is_settled(healing: Healing) -> None:
    log = state(began(), (UPDATE, {"title": "Old", "category_name": "Chess"}, 0))

    assert look(healing, running(), log, SETTLED_S - 1) == []
    assert look(healing, running(), log, SETTLED_S) == ["gs-channel.update-11-s1-1"]
    assert look(healing, running(title="Old"), log, SETTLED_S) == []


def test_beside_a_log_without_titles_the_first_answer_is_taken_as_it_is(healing: Healing) -> None:
    log = state(began())

    assert look(healing, running(title="Go"), log) == []
    assert look(healing, running(title="Come"), log, 60) == ["gs-channel.update-11-s1--1"]


def test_a_title_says_nothing_while_nothing_is_known_of_a_stream(healing: Healing) -> None:
    log = state((UPDATE, {"title": "Old"}, HOUR))

    assert log.position == "e:0"
    assert look(healing, running(age_s=60), log) == ["gs-stream.online-11-s1--1"]


def test_only_types_that_viewers_get_are_found() -> None:
    healing = Healing({OFFLINE})

    assert look(healing, running("s2", title="New"), state(began("s1"))) == ["gs-stream.offline-11-s1-0"]


def test_who_is_not_kept_is_forgotten(healing: Healing) -> None:
    look(healing, None, state(began()))
    healing.keep({"12"})

    assert look(healing, None, state(began()), 60) == []


def test_a_place_that_is_none_is_no_accident(healing: Healing) -> None:
    log = state(began())._replace(switched=Mark("somewhere", 0))

    assert look(healing, running("s2"), log)[0] == "gs-stream.offline-11-s1--1"


@given(
    st.lists(st.sampled_from([None, "s1", "s2"]), min_size=1, max_size=8),
    st.lists(st.sampled_from([began("s1"), began("s2"), ended()]), max_size=3),
    st.booleans(),
)
def test_what_is_found_makes_the_log_right_and_then_nothing_is_found(
    truths: list[str | None], events: list[tuple[str, dict[str, Any], float]], polled: bool
) -> None:
    """Whatever was told before: two answers after the last change, the log says what is true, or nothing."""
    healing, log, offset = Healing(VERSIONS), state(*events), len(events)
    ids: list[str] = []
    for turn, stream_id in enumerate([*truths, *[truths[-1]] * 3, truths[-1]]):
        at_s = SETTLED_S * (turn + 1)
        truth = None if stream_id is None else running(stream_id, HOUR)
        found = healing.look("11", truth, log, NOW + at_s, polled=polled)
        ids += [one.message_id for one in found]
        for one in found:
            log = fold(log, one.type, {"id": one.stream_id}, f"e:{offset}", int((NOW + at_s) * 1_000))
            offset += 1

    assert found == ()
    assert log.live is None or log.stream_id == truths[-1]
    assert len(ids) == len(set(ids)), "an id is used once while the log takes what is found"


def test_two_who_find_the_same_name_it_alike() -> None:
    log = state(began())
    healers = [Healing(VERSIONS), Healing(VERSIONS)]
    for one in healers:
        look(one, None, log)

    assert look(healers[0], None, log, 60) == look(healers[1], None, log, 75)


def test_events_are_shaped_as_twitchs() -> None:
    who = {"broadcaster_user_id": "11", "broadcaster_user_login": "ann", "broadcaster_user_name": "Ann"}
    truth = running(age_s=0, now_s=0)

    assert online_event("11", truth) == {"id": "s1", **who, "type": "live", "started_at": "1970-01-01T00:00:00Z"}
    assert offline_event("11", "s1", ABOUT) == {"id": "s1", **who}
    assert offline_event("11", "", ABOUT) == who
    assert update_event("11", ABOUT) == {
        **who,
        "title": "Go",
        "language": "en",
        "category_id": "743",
        "category_name": "Chess",
        "content_classification_labels": ["Gambling"],
    }


def test_an_update_that_the_log_has_is_none() -> None:
    told = state((UPDATE, update_event("11", ABOUT), 0))

    assert is_told(ABOUT, told)
    assert not is_told(ABOUT._replace(title="New"), told)


def test_an_id_names_what_is_corrected() -> None:
    assert Finding(ONLINE, "11", "s1", 41).message_id == "gs-stream.online-11-s1-41"
