"""A token of ours is never shown, and the actor that gives it out keeps to its port."""

from __future__ import annotations

import pickle

from gstreamer.actors.access import TwitchAccess
from gstreamer.core.access import AccessPeer, AppToken
from tests.unit.core import test_ports


def test_a_token_is_not_shown_and_survives_the_way_between_actors() -> None:
    token = AppToken("secret", 1_000.0)

    assert "secret" not in f"{token!r} {token}"
    assert pickle.loads(pickle.dumps(token)) == token


def test_the_actor_keeps_to_its_port() -> None:
    assert test_ports.methods(AccessPeer) == ["admit", "app_token", "told"]
    test_ports.test_a_part_has_the_methods_of_its_port(AccessPeer, TwitchAccess)
