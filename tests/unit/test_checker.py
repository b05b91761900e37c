"""The checker finds each kind of violation, and nothing where there is none."""

from __future__ import annotations

import random

from tests.checker import Seen, Violation, check

STREAM = [Seen(f"m{offset}", f"e:{offset}") for offset in range(20)]
ACKNOWLEDGED = {"7": [event.message_id for event in STREAM]}


def test_a_faultless_run_has_no_violations() -> None:
    assert check(ACKNOWLEDGED, {"ann": {"7": STREAM}, "bob": {"7": STREAM}}) == []


def test_holes_in_positions_are_no_violation() -> None:
    holes = [Seen(event.message_id, f"e:{3 * place}") for place, event in enumerate(STREAM)]

    assert check(ACKNOWLEDGED, {"ann": {"7": holes}}) == []


def test_a_streamer_nobody_subscribed_to_is_not_missed() -> None:
    assert check({**ACKNOWLEDGED, "8": ["other"]}, {"ann": {"7": STREAM}}) == []


def test_each_missing_event_is_lost() -> None:
    for place in range(len(STREAM)):
        seen = STREAM[:place] + STREAM[place + 1 :]

        assert check(ACKNOWLEDGED, {"ann": {"7": seen}}) == [Violation("lost", "ann", "7", f"m{place}")]


def test_a_viewer_who_saw_nothing_lost_all() -> None:
    assert {found.kind for found in check(ACKNOWLEDGED, {"ann": {"7": []}})} == {"lost"}
    assert len(check(ACKNOWLEDGED, {"ann": {"7": []}})) == len(STREAM)


def test_each_repeated_event_is_doubled() -> None:
    for place in range(len(STREAM)):
        seen = STREAM[: place + 1] + STREAM[place:]

        assert check(ACKNOWLEDGED, {"ann": {"7": seen}}) == [Violation("doubled", "ann", "7", f"m{place}")]


def test_two_exchanged_events_are_reordered() -> None:
    seen = [*STREAM[:5], STREAM[6], STREAM[5], *STREAM[7:]]

    assert check(ACKNOWLEDGED, {"ann": {"7": seen}}) == [Violation("reordered", "ann", "7", "m5")]


def test_a_new_epoch_is_in_order_and_a_return_to_the_old_is_not() -> None:
    renewed = [*STREAM[:10], *(Seen(f"m{offset}", f"f:{offset - 10}") for offset in range(10, 20))]
    returned = [*renewed[:15], STREAM[15], *renewed[16:]]

    assert check(ACKNOWLEDGED, {"ann": {"7": renewed}}) == []
    assert Violation("reordered", "ann", "7", "m15") in check(ACKNOWLEDGED, {"ann": {"7": returned}})


def test_two_viewers_with_different_orders_disagree() -> None:
    swapped = {"m3": "e:4", "m4": "e:3"}
    other = sorted(
        (Seen(event.message_id, swapped.get(event.message_id, event.position)) for event in STREAM),
        key=lambda event: int(event.position[2:]),
    )

    found = check(ACKNOWLEDGED, {"ann": {"7": STREAM}, "bob": {"7": other}})

    assert {(one.kind, one.viewer) for one in found} == {("disagreed", "bob")}


def test_an_event_that_was_never_sent_is_unexpected() -> None:
    seen = [*STREAM, Seen("forged", "e:20")]

    assert check(ACKNOWLEDGED, {"ann": {"7": seen}}) == [Violation("unexpected", "ann", "7", "forged")]


def test_unacknowledged_and_reconciled_events_may_be_seen_or_not() -> None:
    seen = [*STREAM, Seen("unsure", "e:20"), Seen("gs-online-7", "e:21")]

    assert check(ACKNOWLEDGED, {"ann": {"7": seen}, "bob": {"7": STREAM}}, {"unsure"}) == []


def test_seeded_violations_among_many_viewers_are_all_found() -> None:
    chance = random.Random(4)
    viewers = {f"v{number}": {"7": list(STREAM)} for number in range(50)}
    lost = chance.sample(sorted(viewers), 10)
    for viewer in lost:
        viewers[viewer]["7"].pop(chance.randrange(len(STREAM)))

    found = check(ACKNOWLEDGED, viewers)

    assert sorted(one.viewer for one in found) == sorted(lost)
    assert {one.kind for one in found} == {"lost"}
