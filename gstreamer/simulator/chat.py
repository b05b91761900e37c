"""Chat of the simulation: what is said, answered, cheered, removed and cleared, as EventSub tells it.

Only whoever has subscribed is told; nothing is kept but who said which of the last messages. Source of the shapes:
TWITCH.md 4.B and 4.E.
"""

from __future__ import annotations

import random
import re
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gstreamer.simulator import cast, notices
from gstreamer.simulator.cast import Person
from gstreamer.simulator.notices import Notice
from gstreamer.simulator.world import Happening

MESSAGE = "channel.chat.message"
DELETE = "channel.chat.message_delete"
CLEAR_USER = "channel.chat.clear_user_messages"
CLEAR = "channel.chat.clear"

EMOTES = {"Kappa": "25", "LUL": "425618", "HeyGuys": "30259", "BibleThump": "86", "NotLikeThis": "58765"}
"""Global emotes by name, with Twitch's ids."""

COLOURS = ("#FF4500", "#1E90FF", "#9ACD32", "#DAA520", "#8A2BE2", "#00FF7F", "", "#D2691E", "#5F9EA0")
KEPT = 2_000

LINES = (
    "hello everybody HeyGuys",
    "that was close",
    "LUL",
    "how long have you been live?",
    "Kappa",
    "I have not slept since the last stream",
    "what is this song?",
    "again, again!",
    "no way NotLikeThis",
    "first time here, hello",
    "clip it",
    "the sound is perfect tonight",
    "BibleThump",
    "left, not right. LEFT!",
    "we believe in you",
)

_WORDS = re.compile(r"(\s+)")


class Said(NamedTuple):
    """A message of the last ones: its id, where, by whom, and what."""

    id: str
    broadcaster: Person
    chatter: Person
    text: str


class Chat:
    """
    The chats of all channels.

    Args:
        tell: Sends a happening to whoever has subscribed.
        seed: The same seed lets the same people say the same.
    """

    def __init__(self, tell: Callable[[Happening], object], seed: int) -> None:
        self._tell = tell
        self._random = random.Random(seed)
        self._said: OrderedDict[str, Said] = OrderedDict()

    def say(
        self,
        broadcaster: Person,
        chatter: Person,
        text: str,
        *,
        reply_to: str = "",
        bits: int = 0,
        message_id: str = "",
    ) -> str:
        """
        Somebody says something.

        Args:
            broadcaster: In whose chat.
            chatter: Who.
            text: What.
            reply_to: Id of the message that it answers.
            bits: What is cheered with it.
            message_id: Its id; a fresh one unless given.

        Returns:
            The message's id.
        """
        said = Said(message_id or str(uuid.uuid4()), broadcaster, chatter, text)
        self._said[said.id] = said
        if len(self._said) > KEPT:
            self._said.popitem(last=False)
        parent = self._said.get(reply_to)
        event = {
            **cast.named(broadcaster, "broadcaster_"),
            **cast.named(chatter, "chatter_"),
            "message_id": said.id,
            "message": {"text": text, "fragments": fragments(text)},
            "message_type": "text",
            "badges": _badges(broadcaster, chatter),
            "cheer": {"bits": bits} if bits else None,
            "color": colour_of(chatter),
            "reply": None if parent is None else _reply(parent),
            "channel_points_custom_reward_id": None,
            "channel_points_animation_id": None,
            **dict.fromkeys(
                (
                    "source_broadcaster_user_id",
                    "source_broadcaster_user_login",
                    "source_broadcaster_user_name",
                    "source_message_id",
                    "source_badges",
                )
            ),
        }
        self._tell(Happening(MESSAGE, event))
        return said.id

    def notify(self, broadcaster: Person, chatter: Person, notice: Notice, text: str = "") -> None:
        """Something is noticed in a chat, with what the one who is meant says to it."""
        looks = {"color": colour_of(chatter), "badges": _badges(broadcaster, chatter)}
        message = {"text": text, "fragments": fragments(text)}
        event = notices.event_of(notice, broadcaster, chatter, message, looks)
        self._tell(Happening(notices.NOTIFICATION, event))

    def remove(self, message_id: str) -> bool:
        """A moderator removes a message; whether it was one of the last."""
        said = self._said.pop(message_id, None)
        if said is not None:
            event = {
                **cast.named(said.broadcaster, "broadcaster_"),
                **cast.named(said.chatter, "target_"),
                "message_id": message_id,
            }
            self._tell(Happening(DELETE, event))
        return said is not None

    def clear_user(self, broadcaster: Person, target: Person) -> None:
        """A moderator removes all that somebody said."""
        self._tell(
            Happening(CLEAR_USER, {**cast.named(broadcaster, "broadcaster_"), **cast.named(target, "target_")})
        )

    def clear(self, broadcaster: Person) -> None:
        """A moderator removes all that was said."""
        self._tell(Happening(CLEAR, cast.named(broadcaster, "broadcaster_")))

    def chatter(self, live: Sequence[Person]) -> None:
        """Somebody in one of the chats of those who are live says or does something."""
        if not live:
            return
        broadcaster = self._random.choice(list(live))
        chatter = self._random.choice([one for one in cast.STREAMERS if one.id != broadcaster.id])
        roll = self._random.random()
        mine = [one for one in self._said.values() if one.broadcaster.id == broadcaster.id]
        if roll < 0.03 and mine:
            self.remove(self._random.choice(mine).id)
        elif roll < 0.035:
            self.clear_user(broadcaster, chatter)
        elif roll < 0.036:
            self.clear(broadcaster)
        elif roll < 0.06:
            other = self._random.choice([one for one in cast.VIEWERS if one.id != chatter.id])
            self.notify(broadcaster, chatter, notices.any_notice(self._random, chatter, other))
        elif roll < 0.09:
            bits = self._random.choice((1, 100, 500))
            self.say(broadcaster, chatter, f"Cheer{bits} well played", bits=bits)
        else:
            reply = self._random.choice(mine).id if mine and roll > 0.9 else ""
            self.say(broadcaster, chatter, self._random.choice(LINES), reply_to=reply)


def fragments(text: str) -> list[dict[str, Any]]:
    """A text in the pieces that Twitch tells it in: words, emotes, cheermotes, mentions."""
    found: list[dict[str, Any]] = []
    for piece in _WORDS.split(text):
        one = _fragment(piece)
        if found and one["type"] == found[-1]["type"] == "text":
            found[-1]["text"] += piece
        elif piece:
            found.append(one)
    return found


def _fragment(piece: str) -> dict[str, Any]:
    one: dict[str, Any] = {"type": "text", "text": piece, "cheermote": None, "emote": None, "mention": None}
    if piece in EMOTES:
        emote = {"id": EMOTES[piece], "emote_set_id": "0", "owner_id": "0", "format": ["static"]}
        return {**one, "type": "emote", "emote": emote}
    if (cheer := re.fullmatch(r"Cheer(\d{1,6})", piece)) is not None:
        return {**one, "type": "cheermote", "cheermote": {"prefix": "cheer", "bits": int(cheer[1]), "tier": 1}}
    person = cast.by_login(piece[1:].lower()) if piece.startswith("@") else None
    if person is not None:
        mention = {"user_id": person.id, "user_login": person.login, "user_name": person.name}
        return {**one, "type": "mention", "mention": mention}
    return one


def colour_of(chatter: Person) -> str:
    """The colour of somebody's name."""
    return COLOURS[int(chatter.id) % len(COLOURS)]


def _badges(broadcaster: Person, chatter: Person) -> list[dict[str, str]]:
    if broadcaster.id == chatter.id:
        return [{"set_id": "broadcaster", "id": "1", "info": ""}]
    months = int(chatter.id) % 7
    return [{"set_id": "subscriber", "id": "0", "info": str(months)}] if months > 3 else []


def _reply(parent: Said) -> dict[str, str]:
    return {
        "parent_message_id": parent.id,
        "parent_message_body": parent.text,
        "parent_user_id": parent.chatter.id,
        "parent_user_name": parent.chatter.name,
        "parent_user_login": parent.chatter.login,
        "thread_message_id": parent.id,
        "thread_user_id": parent.chatter.id,
        "thread_user_name": parent.chatter.name,
        "thread_user_login": parent.chatter.login,
    }
