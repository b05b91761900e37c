"""Every status that Twitch documents has its policy, and the operators' page says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gstreamer.core.statuses import ACTIVE, STATUSES, Policy, policy_of

DOCUMENTED = """
enabled, webhook_callback_verification_pending, webhook_callback_verification_failed, notification_failures_exceeded,
authorization_revoked, moderator_removed, user_removed, chat_user_banned, version_removed, beta_maintenance,
conduit_deleted, websocket_disconnected, websocket_failed_ping_pong, websocket_received_inbound_traffic,
websocket_connection_unused, websocket_internal_error, websocket_network_timeout, websocket_network_error,
websocket_failed_to_reconnect
"""
"""Twitch's list: dev.twitch.tv/docs/api/reference, Get EventSub Subscriptions, as of 2026."""

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def test_every_documented_status_has_its_policy_and_no_other() -> None:
    assert set(STATUSES) == set(re.findall(r"[a-z_]+", DOCUMENTED))


@pytest.mark.parametrize(
    ("policy", "statuses"),
    [
        (Policy.DELIVERS, "enabled"),
        (Policy.WAITS, "webhook_callback_verification_pending"),
        (Policy.NEEDS_PERSON, "authorization_revoked moderator_removed chat_user_banned"),
        (Policy.PERMANENT, "user_removed version_removed"),
    ],
)
def test_the_policies_are_those_of_the_documentation(policy: Policy, statuses: str) -> None:
    assert {status for status, its in STATUSES.items() if its is policy} == set(statuses.split())


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_the_table_is_what_is_done_where_a_grant_is_needed(status: str) -> None:
    assert policy_of(status, granted=True) is STATUSES[status]
    assert (STATUSES[status] in (Policy.DELIVERS, Policy.WAITS)) is (status in ACTIVE)


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_what_rests_on_no_grant_waits_for_nobody(status: str) -> None:
    policy = policy_of(status, granted=False)

    assert policy is (Policy.RETRIES if STATUSES[status] is Policy.NEEDS_PERSON else STATUSES[status])


def test_a_status_of_tomorrow_is_tried_again() -> None:
    assert policy_of("squirrel_on_the_line", granted=True) is Policy.RETRIES


def test_operators_read_the_same_table() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert {status: words for status, words in rows if status in STATUSES} == {
        status: policy.value for status, policy in STATUSES.items()
    }
