"""What failed is tried again in time, or after the change that it waits for, and not before."""

from __future__ import annotations

import pytest

from gstreamer.core.setbacks import PERMANENT_S, RETRY_BASE_S, RETRY_CAP_S, Setbacks
from gstreamer.core.subscriptions import Wanted, wanted_of

(ONLINE,) = wanted_of("1", ["online"])
SUBSCRIBE = Wanted("channel.subscribe", "1", (("broadcaster_user_id", "1"),))
GRANT = frozenset({"channel:read:subscriptions"})


class Granted:
    """What streamers have granted, as a test sets it."""

    def __init__(self) -> None:
        self.scopes: dict[str, frozenset[str]] = {"1": GRANT}

    def of(self, streamer_id: str) -> frozenset[str]:
        return self.scopes.get(streamer_id, frozenset())


@pytest.fixture
def granted() -> Granted:
    return Granted()


@pytest.fixture
def setbacks(granted: Granted) -> Setbacks:
    return Setbacks(granted.of)


def test_an_outage_is_tried_again_later_and_later(setbacks: Setbacks) -> None:
    setbacks.died(ONLINE, "notification_failures_exceeded", 0, 1.0)
    assert not setbacks.is_due(ONLINE, RETRY_BASE_S - 0.1)
    assert setbacks.is_due(ONLINE, RETRY_BASE_S)

    setbacks.fail(ONLINE, 10, 1.0)

    assert not setbacks.is_due(ONLINE, 10 + RETRY_BASE_S)
    assert setbacks.is_due(ONLINE, 10 + 2 * RETRY_BASE_S)


def test_a_success_begins_anew(setbacks: Setbacks) -> None:
    for _ in range(20):
        setbacks.fail(ONLINE, 0, 1.0)
    assert not setbacks.is_due(ONLINE, RETRY_CAP_S - 1)

    setbacks.succeed(ONLINE)

    assert setbacks.is_due(ONLINE, 0)


@pytest.mark.parametrize("status", ["enabled", "webhook_callback_verification_pending"])
def test_what_is_not_dead_is_no_setback(setbacks: Setbacks, status: str) -> None:
    setbacks.died(ONLINE, status, 0, 1.0)

    assert setbacks.is_due(ONLINE, 0)


def test_a_refusal_for_good_is_doubted_after_a_day(setbacks: Setbacks) -> None:
    setbacks.died(ONLINE, "user_removed", 0, 1.0)
    setbacks.keep({ONLINE})

    assert setbacks.is_barred(ONLINE, PERMANENT_S - 1)
    assert not setbacks.is_due(ONLINE, PERMANENT_S - 1)
    assert setbacks.is_due(ONLINE, PERMANENT_S)


def test_a_refusal_for_good_is_doubted_when_the_grant_changes(setbacks: Setbacks, granted: Granted) -> None:
    setbacks.bar(ONLINE, 0)

    granted.scopes["1"] = GRANT | {"bits:read"}

    assert setbacks.is_due(ONLINE, 1)


def test_a_person_who_grants_the_same_again_lifts_everything_of_theirs_only(setbacks: Setbacks) -> None:
    (other,) = wanted_of("2", ["online"])
    setbacks.bar(ONLINE, 0)
    setbacks.bar(other, 0)
    setbacks.died(SUBSCRIBE, "authorization_revoked", 0, 1.0)

    setbacks.renewed("1")

    assert setbacks.is_due(ONLINE, 1)
    assert not setbacks.is_over("1")
    assert setbacks.is_barred(other, 1)


def test_what_rests_on_a_grant_is_off_until_it_has_gone_and_come_back(setbacks: Setbacks, granted: Granted) -> None:
    setbacks.died(SUBSCRIBE, "authorization_revoked", 0, 1.0)
    assert (setbacks.is_over("1"), setbacks.waiting_for()) == (True, ("1",))

    del granted.scopes["1"]
    setbacks.keep(())
    assert (setbacks.is_over("1"), setbacks.waiting_for()) == (True, ("1",))

    granted.scopes["1"] = GRANT
    assert not setbacks.is_over("1")
    setbacks.keep(())
    assert (setbacks.is_over("1"), setbacks.waiting_for()) == (False, ())


def test_an_end_of_a_grant_leaves_alone_what_needs_none(setbacks: Setbacks) -> None:
    setbacks.died(ONLINE, "authorization_revoked", 0, 1.0)

    assert not setbacks.is_over("1")
    assert setbacks.is_due(ONLINE, RETRY_BASE_S)


def test_what_is_wanted_no_more_is_forgotten(setbacks: Setbacks) -> None:
    setbacks.bar(ONLINE, 0)
    setbacks.fail(ONLINE, 0, 1.0)

    setbacks.keep(())

    assert setbacks.is_due(ONLINE, 0)
