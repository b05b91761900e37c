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

from gstreamer.simulator import cast
from gstreamer.simulator.cast import Person
from gstreamer.simulator.world import Happening

MESSAGE = "channel.chat.message"
NOTIFICATION = "channel.chat.notification"
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
            **_who("broadcaster", broadcaster),
            **_who("chatter", chatter),
            "message_id": said.id,
            "message": {"text": text, "fragments": fragments(text)},
            "message_type": "text",
            "badges": _badges(broadcaster, chatter),
            "cheer": {"bits": bits} if bits else None,
            "color": COLOURS[int(chatter.id) % len(COLOURS)],
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

    def subscribe(self, broadcaster: Person, chatter: Person, months: int) -> None:
        """Somebody shares how long they have subscribed."""
        words = f"{chatter.name} subscribed at Tier 1. They've subscribed for {months} months!"
        event = {
            **_who("broadcaster", broadcaster),
            **_who("chatter", chatter),
            "chatter_is_anonymous": False,
            "color": COLOURS[int(chatter.id) % len(COLOURS)],
            "badges": _badges(broadcaster, chatter),
            "system_message": words,
            "message_id": str(uuid.uuid4()),
            "message": {"text": "", "fragments": []},
            "notice_type": "resub",
            "resub": {
                "cumulative_months": months,
                "duration_months": 0,
                "streak_months": None,
                "sub_tier": "1000",
                "is_prime": False,
                "is_gift": False,
            },
        }
        self._tell(Happening(NOTIFICATION, event))

    def remove(self, message_id: str) -> bool:
        """A moderator removes a message; whether it was one of the last."""
        said = self._said.pop(message_id, None)
        if said is not None:
            event = {
                **_who("broadcaster", said.broadcaster),
                **_who("target", said.chatter),
                "message_id": message_id,
            }
            self._tell(Happening(DELETE, event))
        return said is not None

    def clear_user(self, broadcaster: Person, target: Person) -> None:
        """A moderator removes all that somebody said."""
        self._tell(Happening(CLEAR_USER, {**_who("broadcaster", broadcaster), **_who("target", target)}))

    def clear(self, broadcaster: Person) -> None:
        """A moderator removes all that was said."""
        self._tell(Happening(CLEAR, _who("broadcaster", broadcaster)))

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
        elif roll < 0.06:
            self.subscribe(broadcaster, chatter, self._random.randrange(2, 60))
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


def _who(what: str, person: Person) -> dict[str, str]:
    return {f"{what}_user_id": person.id, f"{what}_user_login": person.login, f"{what}_user_name": person.name}


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
