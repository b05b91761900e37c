"""What Twitch has of ours: its last list, and what we have made and ended since.

Rule: Twitch's list and totals lag seconds behind, so what was made just now counts although a list lacks it, and
what was ended just now is gone although a list has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from gstreamer.core.subscriptions import Budget, Existing

LAG_S = 30.0
"""More than Twitch's list has been seen to lag."""


class Holdings:
    """All subscriptions, and their cost."""

    def __init__(self) -> None:
        self._existing: dict[str, Existing] = {}
        self._made: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._enabled: dict[str, float] = {}
        self.budget = Budget(0, 0)
        self.hidden_cost = 0

    def __len__(self) -> int:
        return len(self._existing)

    @property
    def existing(self) -> Mapping[str, Existing]:
        """Each by its id, oldest first."""
        return self._existing

    def listed(self, found: Iterable[Existing], budget: Budget, now_s: float) -> None:
        """
        Twitch has listed everything.

        Args:
            found: Everything, oldest first.
            budget: The totals that came with it.
            now_s: When it was asked.
        """
        self._made = {name: at_s for name, at_s in self._made.items() if at_s + LAG_S > now_s}
        self._ended = {name: at_s for name, at_s in self._ended.items() if at_s + LAG_S > now_s}
        rows = {one.id: one for one in found}
        late = {name: self._existing[name] for name in self._made if name not in rows}
        early = [one for name, one in rows.items() if name in self._ended]
        # What it costs although nobody is shown it: subscriptions that Twitch has lost sight of but counts.
        self.hidden_cost = max(0, budget.total_cost - sum(one.cost for one in rows.values()))
        self._existing = {name: one for name, one in (rows | late).items() if name not in self._ended}
        own = sum(one.cost for one in late.values()) - sum(one.cost for one in early)
        self.budget = budget.spend(own)
        enabled = [name for name, one in self._existing.items() if one.enabled]
        self._enabled = {name: self._enabled.get(name, now_s) for name in enabled}

    def made(self, one: Existing, max_total_cost: int, now_s: float) -> None:
        """We have made one; ``max_total_cost`` came with the answer."""
        self._made[one.id] = now_s
        self.adopted(one, now_s)
        self.budget = Budget(self.budget.total_cost, max_total_cost).spend(one.cost)

    def adopted(self, one: Existing, now_s: float) -> None:
        """One is there that the list lacked; the totals have it already."""
        self._existing[one.id] = one
        if one.enabled:
            self._enabled.setdefault(one.id, now_s)

    def ended(self, subscription_id: str, now_s: float) -> None:
        """We have ended one."""
        self._ended[subscription_id] = now_s
        self._made.pop(subscription_id, None)
        gone = self._existing.pop(subscription_id, None)
        if gone is not None:
            self.budget = self.budget.spend(-gone.cost)

    def died(self, subscription_id: str, status: str) -> Existing | None:
        """Twitch has ended one; what it was, or None if it was dead or unknown already."""
        found = self._existing.get(subscription_id)
        if found is None or not found.active:
            return None
        self._existing[subscription_id] = found._replace(status=status, cost=0)
        self._enabled.pop(subscription_id, None)
        self.budget = self.budget.spend(-found.cost)
        return found

    def young(self, age_s: float, now_s: float) -> Collection[str]:
        """Ids of those that have been seen to deliver for less than ``age_s``."""
        return {name for name, at_s in self._enabled.items() if now_s < at_s + age_s}
