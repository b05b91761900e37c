"""What chats need of Twitch: sending a message as a person, and the emotes and badges that draw one."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from gstreamer.core.errors import OutcomeUnknownError, UnavailableError
from gstreamer.twitch.http import Pairs, Reply
from gstreamer.twitch.models import Answer, Text, parse


class Calls(Protocol):
    """How calls go out (``helix.Helix``)."""

    async def own_call(self, method: Any, path: str, query: Pairs = ()) -> Reply:
        """A call with our own token."""

    async def send_once(self, path: str, body: dict[str, Any], access_token: str, bucket: str) -> Reply:
        """A post with a person's token that is tried once."""


class DropReason(Answer):
    """Why Twitch took a message and shows it to nobody."""

    code: Text = ""
    message: Text = ""


class SentMessage(Answer):
    """What became of a message."""

    message_id: Text = ""
    is_sent: bool
    drop_reason: DropReason | None = None


class Emote(Answer):
    """An emote: which pictures of it there are."""

    id: str
    name: str
    format: tuple[str, ...] = ()
    scale: tuple[str, ...] = ()
    theme_mode: tuple[str, ...] = ()


class Emotes(NamedTuple):
    """A set of emotes, and the pattern of their pictures' addresses."""

    template: str
    emotes: tuple[Emote, ...]


class BadgeVersion(Answer):
    """A badge's picture in three sizes."""

    id: str
    title: Text = ""
    image_url_1x: Text = ""
    image_url_2x: Text = ""
    image_url_4x: Text = ""


class BadgeSet(Answer):
    """A badge in its versions, such as the months of a subscriber."""

    set_id: str
    versions: tuple[BadgeVersion, ...] = ()


class _Sent(Answer):
    data: tuple[SentMessage, ...]


class _Emotes(Answer):
    data: tuple[Emote, ...]
    template: Text = ""


class _Badges(Answer):
    data: tuple[BadgeSet, ...]


class Chat:
    """
    The calls about chats.

    Args:
        calls: How they go out.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def send(
        self, sender_id: str, streamer_id: str, text: str, reply_to: str | None, access_token: str
    ) -> SentMessage:
        """
        What became of a message; it is tried once, and one that is not ``is_sent`` is seen by nobody.

        Raises:
            GrantEndedError: The token is not good; nothing was sent.
            MissingScopeError: The grant does not cover it, or the person may not write there; nothing was sent.
            RefusedError: Twitch refuses it; nothing was sent.
            OutcomeUnknownError: There is no answer; it may have been sent.
            UnavailableError: It was not sent.
        """
        body = {"broadcaster_id": streamer_id, "sender_id": sender_id, "message": text}
        if reply_to is not None:
            body["reply_parent_message_id"] = reply_to
        # Messages have a bucket of their own, whose headers speak of no other.
        reply = await self._calls.send_once("chat/messages", body, access_token, f"chat:{sender_id}")
        try:
            (sent,) = parse(_Sent, reply.body).data
        except (UnavailableError, ValueError):
            raise OutcomeUnknownError("twitch took the message, and its answer is not as documented") from None
        return sent

    async def emotes(self, streamer_id: str) -> Emotes:
        """
        A streamer's own emotes; everybody's for an empty id.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        found = parse(_Emotes, (await self._of("emotes", streamer_id)).body)
        return Emotes(found.template, found.data)

    async def badges(self, streamer_id: str) -> tuple[BadgeSet, ...]:
        """
        A streamer's own badges; everybody's for an empty id.

        Raises:
            UnavailableError: Twitch does not answer.
        """
        return parse(_Badges, (await self._of("badges", streamer_id)).body).data

    async def _of(self, what: str, streamer_id: str) -> Reply:
        if not streamer_id:
            return await self._calls.own_call("GET", f"chat/{what}/global")
        return await self._calls.own_call("GET", f"chat/{what}", (("broadcaster_id", streamer_id),))
