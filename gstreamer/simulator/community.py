"""What happens around a stream in the simulation, and only streamers who have let us in are told of by EventSub.

Follows, subscriptions, gifts, cheers, hype trains, polls and predictions. Pure: a community is a function of its
seed and of the steps taken; what is under way (a train, a poll, a prediction) is always begun before it goes on, and
ended before the next of its kind. Source of the shapes: TWITCH.md 4.D and 4.E.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from gstreamer.simulator import cast
from gstreamer.simulator.cast import Person
from gstreamer.simulator.world import Happening

STEPS = 4
"""How often a poll, a prediction or a train goes on before it ends."""

_QUESTIONS = ("One more round?", "Left or right?", "Who wins?", "Which song next?", "Tea or coffee?")
_ANSWERS = ("yes, of course", "never", "only with a hat on")


class UnderWay(NamedTuple):
    """A train, poll or prediction: its fields so far, and how often it went on."""

    fields: dict[str, Any]
    steps: int


class Community:
    """
    Everybody around the streams.

    Args:
        seed: The same seed and the same calls give the same happenings.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._under_way: dict[tuple[str, str], UnderWay] = {}
        self._number = 0
        self._acts: tuple[tuple[int, Callable[[Person, datetime], list[Happening]]], ...] = (
            (30, self.follow),
            (10, self.subscribe),
            (6, self.give),
            (10, self.subscribe_again),
            (14, self.cheer),
            (10, self.train),
            (12, self.poll),
            (8, self.predict),
        )

    def step(self, live: Sequence[Person], now: datetime) -> list[Happening]:
        """The next thing that happens around one of those who are live."""
        if not live:
            return []
        streamer = self._random.choice(list(live))
        weights = [weight for weight, _ in self._acts]
        (_, act), *_ = self._random.choices(self._acts, weights)
        return act(streamer, now)

    def follow(self, streamer: Person, now: datetime) -> list[Happening]:
        """Somebody follows."""
        return [_told("channel.follow", streamer, **cast.named(self._somebody(streamer)), followed_at=_text(now))]

    def subscribe(self, streamer: Person, now: datetime) -> list[Happening]:
        """Somebody subscribes."""
        who = cast.named(self._somebody(streamer))
        return [_told("channel.subscribe", streamer, **who, tier=self._tier(), is_gift=False)]

    def give(self, streamer: Person, now: datetime) -> list[Happening]:
        """Somebody gives subscriptions away, by name or without."""
        giver, total, tier = self._somebody(streamer), self._random.choice((1, 5, 10)), self._tier()
        hidden = self._random.random() < 0.2
        gift = _told(
            "channel.subscription.gift",
            streamer,
            **(dict.fromkeys(cast.named(giver)) if hidden else cast.named(giver)),
            total=total,
            tier=tier,
            cumulative_total=None if hidden else total * 3,
            is_anonymous=hidden,
        )
        received = [
            _told("channel.subscribe", streamer, **cast.named(self._somebody(streamer)), tier=tier, is_gift=True)
            for _ in range(total)
        ]
        return [gift, *received]

    def subscribe_again(self, streamer: Person, now: datetime) -> list[Happening]:
        """Somebody subscribes again, and says something."""
        months = self._random.randrange(2, 60)
        message = {"text": "one more month Kappa", "emotes": [{"begin": 15, "end": 19, "id": "25"}]}
        again = _told(
            "channel.subscription.message",
            streamer,
            **cast.named(self._somebody(streamer)),
            tier=self._tier(),
            message=message,
            cumulative_months=months,
            streak_months=months if self._random.random() < 0.5 else None,
            duration_months=1,
        )
        return [again]

    def cheer(self, streamer: Person, now: datetime) -> list[Happening]:
        """Somebody cheers, by name or without."""
        bits, hidden = self._random.choice((1, 100, 500, 1_000)), self._random.random() < 0.2
        who = cast.named(self._somebody(streamer))
        words = f"Cheer{bits} well played"
        cheer = _told(
            "channel.cheer",
            streamer,
            **(dict.fromkeys(who) if hidden else who),
            is_anonymous=hidden,
            message=words,
            bits=bits,
        )
        if hidden:
            return [cheer]
        rest = {"cheermote": None, "emote": None}
        mote = {"prefix": "cheer", "bits": bits, "tier": 1}
        pieces = [
            {**rest, "type": "cheermote", "text": f"Cheer{bits}", "cheermote": mote},
            {**rest, "type": "text", "text": " well played"},
        ]
        message = {"text": words, "fragments": pieces}
        used = _told(
            "channel.bits.use",
            streamer,
            **who,
            bits=bits,
            type="cheer",
            message=message,
            power_up=None,
            custom_power_up=None,
        )
        return [cheer, used]

    def train(self, streamer: Person, now: datetime) -> list[Happening]:
        """A hype train begins, goes on or ends."""
        found = self._under_way.get(("train", streamer.id))
        if found is None:
            fields = {
                "id": self._id(),
                "total": 0,
                "level": 1,
                "top_contributions": [],
                "shared_train_participants": None,
                "started_at": _text(now),
                "type": "regular",
                "is_shared_train": False,
            }
            self._begin("train", streamer, fields)
            more = {"progress": 0, "goal": 1_800, "expires_at": _text(now, 300), "all_time_high_level": 4}
            return [_told("channel.hype_train.begin", streamer, **fields, **more, all_time_high_total=9_400)]
        given = self._random.choice((100, 500, 1_000))
        contribution = {**cast.named(self._somebody(streamer)), "type": "bits", "total": given}
        total = found.fields["total"] + given
        fields = {
            **found.fields,
            "total": total,
            "level": 1 + total // 1_800,
            "top_contributions": [contribution],
        }
        if self._goes_on("train", streamer, fields):
            more = {"progress": total % 1_800, "goal": 1_800, "expires_at": _text(now, 300)}
            return [_told("channel.hype_train.progress", streamer, **fields, **more)]
        more = {"ended_at": _text(now), "cooldown_ends_at": _text(now, 3_600)}
        return [_told("channel.hype_train.end", streamer, **fields, **more)]

    def poll(self, streamer: Person, now: datetime) -> list[Happening]:
        """A poll begins, goes on or ends."""
        found = self._under_way.get(("poll", streamer.id))
        if found is None:
            choices = [{"id": self._id(), "title": title, **_votes(0)} for title in _ANSWERS]
            fields = {
                "id": self._id(),
                "title": self._random.choice(_QUESTIONS),
                "choices": choices,
                "bits_voting": {"is_enabled": False, "amount_per_vote": 0},
                "channel_points_voting": {"is_enabled": False, "amount_per_vote": 0},
                "started_at": _text(now),
                "ends_at": _text(now, 120),
            }
            self._begin("poll", streamer, fields)
            unvoted = [{"id": choice["id"], "title": choice["title"]} for choice in choices]
            return [_told("channel.poll.begin", streamer, **{**fields, "choices": unvoted})]
        choices = [
            {**choice, **_votes(choice["votes"] + self._random.randrange(40))} for choice in found.fields["choices"]
        ]
        fields = {**found.fields, "choices": choices}
        if self._goes_on("poll", streamer, fields):
            return [_told("channel.poll.progress", streamer, **fields)]
        del fields["ends_at"]
        return [_told("channel.poll.end", streamer, **fields, status="completed", ended_at=_text(now))]

    def predict(self, streamer: Person, now: datetime) -> list[Happening]:
        """A prediction begins, goes on, is locked or ends."""
        found = self._under_way.get(("prediction", streamer.id))
        if found is None:
            outcomes = [
                {"id": self._id(), "title": title, "color": colour, **_bets(0, 0)}
                for title, colour in zip(_ANSWERS[:2], ("BLUE", "PINK"), strict=True)
            ]
            begun: dict[str, Any] = {
                "id": self._id(),
                "title": self._random.choice(_QUESTIONS),
                "outcomes": outcomes,
                "started_at": _text(now),
                "locks_at": _text(now, 120),
            }
            self._begin("prediction", streamer, begun)
            return [_told("channel.prediction.begin", streamer, **begun)]
        fields: dict[str, Any] = dict(found.fields)
        last = found.steps + 1 == STEPS - 1
        if "locks_at" in fields:
            fields["outcomes"] = [self._bet(outcome) for outcome in fields["outcomes"]]
        if last:
            del fields["locks_at"]
        if self._goes_on("prediction", streamer, fields):
            if last:
                return [_told("channel.prediction.lock", streamer, **fields, locked_at=_text(now))]
            return [_told("channel.prediction.progress", streamer, **fields)]
        winner = self._random.choice(fields["outcomes"])["id"]
        more = {"winning_outcome_id": winner, "status": "resolved", "ended_at": _text(now)}
        return [_told("channel.prediction.end", streamer, **fields, **more)]

    def _begin(self, kind: str, streamer: Person, fields: dict[str, Any]) -> None:
        self._under_way[kind, streamer.id] = UnderWay(fields, 0)

    def _goes_on(self, kind: str, streamer: Person, fields: dict[str, Any]) -> bool:
        """Whether it goes on with these fields; it is over otherwise."""
        steps = self._under_way.pop((kind, streamer.id)).steps + 1
        if steps < STEPS:
            self._under_way[kind, streamer.id] = UnderWay(fields, steps)
        return steps < STEPS

    def _bet(self, outcome: dict[str, Any]) -> dict[str, Any]:
        more = self._random.randrange(1, 9)
        return {**outcome, **_bets(outcome["users"] + more, outcome["channel_points"] + 50 * more)}

    def _somebody(self, streamer: Person) -> Person:
        return self._random.choice([one for one in (*cast.STREAMERS, *cast.VIEWERS) if one.id != streamer.id])

    def _tier(self) -> str:
        return self._random.choice(("1000", "1000", "1000", "2000", "3000"))

    def _id(self) -> str:
        self._number += 1
        return f"{self._random.getrandbits(64):016x}-{self._number}"


def _told(event_type: str, streamer: Person, **fields: Any) -> Happening:
    return Happening(event_type, {**cast.named(streamer, "broadcaster_"), **fields})


def _votes(votes: int) -> dict[str, int]:
    return {"bits_votes": 0, "channel_points_votes": 0, "votes": votes}


def _bets(users: int, points: int) -> dict[str, Any]:
    return {"users": users, "channel_points": points, "top_predictors": []}


def _text(now: datetime, ahead_s: float = 0) -> str:
    return (now + timedelta(seconds=ahead_s)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
