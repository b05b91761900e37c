"""What each status of an EventSub subscription asks of us: one table, which the reconciler follows.

Rule: a status that is not in the table is one that Twitch has added since: it is treated like an outage.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

ENABLED = "enabled"
PENDING = "webhook_callback_verification_pending"
CONDUIT_DELETED = "conduit_deleted"

ACTIVE = frozenset({ENABLED, PENDING})
"""The statuses of what delivers, or is about to."""


class Policy(enum.Enum):
    """What we do about a subscription of some status."""

    DELIVERS = "nothing, it delivers"
    WAITS = "wait for the answer to its challenge, then list again"
    RETRIES = "made anew after a wait that grows with each time"
    NEEDS_PERSON = "what rests on that grant is off until it is given anew"
    PERMANENT = "not made anew within 24 h, unless a grant of the streamer's changes"


STATUSES: Mapping[str, Policy] = {
    ENABLED: Policy.DELIVERS,
    PENDING: Policy.WAITS,
    "webhook_callback_verification_failed": Policy.RETRIES,
    "notification_failures_exceeded": Policy.RETRIES,
    "authorization_revoked": Policy.NEEDS_PERSON,
    "moderator_removed": Policy.NEEDS_PERSON,
    "chat_user_banned": Policy.NEEDS_PERSON,
    "user_removed": Policy.PERMANENT,
    "version_removed": Policy.PERMANENT,
    "beta_maintenance": Policy.RETRIES,
    CONDUIT_DELETED: Policy.RETRIES,
    "websocket_disconnected": Policy.RETRIES,
    "websocket_failed_ping_pong": Policy.RETRIES,
    "websocket_received_inbound_traffic": Policy.RETRIES,
    "websocket_connection_unused": Policy.RETRIES,
    "websocket_internal_error": Policy.RETRIES,
    "websocket_network_timeout": Policy.RETRIES,
    "websocket_network_error": Policy.RETRIES,
    "websocket_failed_to_reconnect": Policy.RETRIES,
}
"""Every status that Twitch documents."""


def policy_of(status: str, *, granted: bool) -> Policy:
    """
    What is done about a subscription of this status.

    Args:
        status: Twitch's word.
        granted: Whether the subscription rests on somebody's grant: what does not is nobody's to renew.
    """
    policy = STATUSES.get(status, Policy.RETRIES)
    return Policy.RETRIES if policy is Policy.NEEDS_PERSON and not granted else policy
