"""Every error that gstreamer raises on purpose.

GStreamerError
├── ConfigurationError            a setting or the data on disk is wrong: say what to do
├── RejectedError                 somebody outside asked for what cannot be: 4xx, a close code or an `error`
│   ├── InvalidSignatureError     a webhook that Twitch did not sign
│   ├── InvalidTicketError        a ticket that was forged, used, or meant for somebody else
│   ├── BadPositionError          a position that cannot be read
│   ├── BadMessageError           a client's message that cannot be understood: an `error`
│   ├── ProtocolBreachError       a client's message that breaks the protocol: a close code
│   └── RefusedError              the platform understood a call of ours and said no
│       ├── GrantEndedError       a person's grant is dead: sign in again
│       ├── MissingScopeError     the grant does not cover the call
│       ├── NotFoundError         what the call names is not there
│       ├── AlreadySubscribedError  an equal subscription is active
│       └── TooManyAlikeError     three subscriptions like it exist already
├── UnavailableError              a part does not answer now: 503, try again
│   ├── RateLimitedError          the platform's limit is used up: try again after so long
│   ├── NoPartitionError          no partition of the store takes a row: look which there are, try again
│   └── OutcomeUnknownError       whether it was done cannot be known: do not simply try again
├── UnstorableError               rows that the store never takes: they are dead letters, the others go on
├── FencedError                   another has taken over: stop, and write nothing more
└── UnrecoverablePositionError    the history no longer holds the events after a position

Errors cross actors by pickle: positional arguments only, all passed to ``super().__init__``.
"""

from __future__ import annotations


class GStreamerError(Exception):
    """Anything that gstreamer raises on purpose."""


class ConfigurationError(GStreamerError):
    """A setting, or what lies on disk, cannot be used; the text says what to do about it."""


class RejectedError(GStreamerError):
    """Somebody outside asked for what cannot be done; asking again in the same way will not help."""


class InvalidSignatureError(RejectedError):
    """A webhook whose id, timestamp or signature is missing or wrong."""


class InvalidTicketError(RejectedError):
    """
    A ticket that does not open this socket.

    Args:
        reason: What is wrong with it, for the log.
        code: The close code that the socket gets (``core.disconnect.Disconnect``).
    """

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason, code)
        self.reason = reason
        self.code = code

    def __str__(self) -> str:
        return self.reason


class BadPositionError(RejectedError):
    """A position that is not ``epoch:offset``."""


class BadMessageError(RejectedError):
    """
    A client's message that asks for what cannot be done.

    Args:
        code: The error code of the protocol (``bad_request``, ``unknown_type``, ``bad_position``).
        detail: What is wrong, for the client's author.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return self.detail


class RefusedError(RejectedError):
    """
    The platform understood a call of ours and said no.

    Args:
        status: The HTTP status of its answer.
        message: Its own words.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return f"refused with {self.status}: {self.message}"


class GrantEndedError(RefusedError):
    """A token that is not (or no longer) good: the person has to sign in again."""


class MissingScopeError(RefusedError):
    """The grant does not cover the call: the person has to allow more."""


class NotFoundError(RefusedError):
    """What the call names is not there (any more)."""


class AlreadySubscribedError(RefusedError):
    """
    An equal subscription is active.

    Args:
        status: The HTTP status of the answer.
        message: The platform's own words.
        subscription_id: The id of that subscription; empty where the answer does not tell it.
    """

    def __init__(self, status: int, message: str, subscription_id: str) -> None:
        RejectedError.__init__(self, status, message, subscription_id)
        self.status = status
        self.message = message
        self.subscription_id = subscription_id


class TooManyAlikeError(RefusedError):
    """Three subscriptions of this type and condition exist already; waiting does not help."""


class ProtocolBreachError(RejectedError):
    """A client's message that is none of the protocol's, or comes when it may not."""


class UnavailableError(GStreamerError):
    """A part of the system does not answer at the moment."""


class RateLimitedError(UnavailableError):
    """
    The platform's rate limit is used up; nothing was done.

    Args:
        wait_s: So long it lasts, in whole seconds.
    """

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s

    def __str__(self) -> str:
        return f"twitch's rate limit is used up for {self.wait_s} s"


class OutcomeUnknownError(UnavailableError):
    """A call that must not be repeated got no answer: what it asked for may have been done."""


class UnrecoverablePositionError(GStreamerError):
    """The history no longer holds the events after the client's position."""

    def __init__(self, wanted: int, oldest: int) -> None:
        super().__init__(wanted, oldest)
        self.wanted = wanted
        self.oldest = oldest

    def __str__(self) -> str:
        return f"wanted offset {self.wanted}, oldest kept is {self.oldest}"


class FencedError(GStreamerError):
    """Somebody newer has taken over: whoever hears this must stop writing."""


class UnstorableError(GStreamerError):
    """
    Rows that the store never takes, whatever is tried.

    Args:
        places: Streamer id and offset of each.
    """

    def __init__(self, places: frozenset[tuple[str, int]]) -> None:
        super().__init__(places)
        self.places = places

    def __str__(self) -> str:
        return f"{len(self.places)} rows cannot be stored"


class NoPartitionError(GStreamerError):
    """The partition of a row is not there (any more): look which there are, and write again."""
