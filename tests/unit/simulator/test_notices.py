"""A notice of a chat has every field that Twitch names, and only that of its own kind is filled."""

from __future__ import annotations

import random

import pytest

from gstreamer.simulator import cast, notices
from gstreamer.simulator.notices import KINDS, Notice

STREAMER, CHATTER, OTHER = cast.STREAMERS[:3]
SAID = {"text": "", "fragments": []}


@pytest.mark.parametrize(
    "notice",
    [
        notices.subscribed(CHATTER),
        notices.subscribed_again(CHATTER, 12),
        notices.gave(CHATTER, OTHER),
        notices.gave_to_all(CHATTER, 5),
        notices.raided(CHATTER, 100),
        notices.announced(),
    ],
    ids=lambda notice: notice.kind,
)
def test_only_its_own_kind_is_filled(notice: Notice) -> None:
    event = notices.event_of(notice, STREAMER, CHATTER, SAID, {"color": "", "badges": []})

    assert event["notice_type"] == notice.kind
    assert [kind for kind in KINDS if event[kind] is not None] == [notice.kind]


def test_dice_give_every_usual_notice() -> None:
    dice = random.Random(1)

    kinds = {notices.any_notice(dice, CHATTER, OTHER).kind for _ in range(200)}

    assert kinds == {"sub", "resub", "sub_gift", "community_sub_gift", "raid"}
