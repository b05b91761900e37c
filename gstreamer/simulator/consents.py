"""What a person's grant does to the rest of the simulation, when it is given and when it is taken back.

A subscription that needs nobody's grant costs nothing while the person in its condition has granted us something;
one that lives by a grant ends with it. Both are told, as ``user.authorization.grant`` and ``.revoke``.
"""

from __future__ import annotations

import time

from gstreamer.core.catalogue import CATALOGUE
from gstreamer.simulator import cast, rules
from gstreamer.simulator.cast import Person
from gstreamer.simulator.delivery import Delivery
from gstreamer.simulator.state import State


class Consents:
    """
    The grants of everybody.

    Args:
        state: Tokens and subscriptions.
        delivery: Who tells of it.
        client_id: Our application's.
    """

    def __init__(self, state: State, delivery: Delivery, client_id: str) -> None:
        self._state = state
        self._delivery = delivery
        self._client_id = client_id

    def given(self, person: Person) -> None:
        """Somebody has granted us something."""
        self._price(person)
        self._tell("grant", person)

    async def taken_back(self, person: Person) -> int:
        """Somebody takes the grant back: how many tokens end with it."""
        ended = self._state.remove_tokens_of(person.id)
        for held in self._state.subscriptions():
            if held.active and rules.needs_grant_of(held.body, person.id):
                await self._delivery.revoke(held.id, "authorization_revoked")
        self._price(person)
        self._tell("revoke", person)
        return ended

    def _price(self, person: Person) -> None:
        for held in self._state.subscriptions():
            condition = held.body["condition"]
            if held.active and person.id in condition.values():
                cost = rules.cost_of(CATALOGUE[held.body["type"]], condition, self._scopes_of)
                self._state.set_cost(held.id, cost)

    def _scopes_of(self, user_id: str) -> frozenset[str]:
        return self._state.scopes_of(user_id, time.time())

    def _tell(self, what: str, person: Person) -> None:
        event = {"client_id": self._client_id, **cast.named(person)}
        self._delivery.notify(f"user.authorization.{what}", event)
