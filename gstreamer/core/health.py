"""How the parts are, in words: the last finding on each, and since when it has been so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from gstreamer.core.ports import Snapshot
from gstreamer.core.statuses import ACTIVE, ENABLED

State = Literal["ok", "degraded", "down"]

SNAPSHOT_STALE_S = 15.0
"""Placement answers each long poll within 5 s; three missed ones are no accident."""

CLOCK_DEGRADED_S = 5.0
CLOCK_DOWN_S = 300.0
"""Twitch's timestamps are checked against our clock within ten minutes."""

NAMED = 5
"""So many of the streamers that are polled are named."""

_RANK: dict[State, int] = {"ok": 0, "degraded": 1, "down": 2}


class Finding(NamedTuple):
    """What was found of a part: its state, and in words why."""

    state: State
    reason: str


class Part(NamedTuple):
    """A part's state, since when (Unix milliseconds) it has had it, and the words of the last finding."""

    state: State
    since_ms: int
    reason: str


def noted(before: Part | None, finding: Finding, now_ms: int) -> Part:
    """A part after a finding; ``since_ms`` moves only when the state changes."""
    since_ms = before.since_ms if before is not None and before.state == finding.state else now_ms
    return Part(finding.state, since_ms, finding.reason)


def overall(parts: Mapping[str, Part]) -> State:
    """The state of all: that of the worst."""
    return max((part.state for part in parts.values()), key=_RANK.__getitem__, default="ok")


def placement_findings(snapshot: Snapshot | None, age_s: float | None) -> dict[str, Finding]:
    """What placement's snapshot tells of placement, connections and streamers."""
    if snapshot is None or age_s is None:
        unknown = Finding("down", "placement has not answered yet")
        return {"placement": unknown, "connections": unknown, "streamers": unknown}
    words = f"snapshot {snapshot.version}, heard {age_s:.0f} s ago"
    fresh = age_s < SNAPSHOT_STALE_S
    placement = Finding("ok", words) if fresh else Finding("down", f"it does not answer; {words} is still in use")
    return {"placement": placement, "connections": _connections(snapshot), "streamers": _streamers(snapshot)}


def clock_finding(offset_s: float) -> Finding:
    """What a clock is worth that stands ``offset_s`` ahead of the database's (negative: behind)."""
    words = f"{abs(offset_s):.1f} s {'ahead of' if offset_s >= 0 else 'behind'} the database's clock"
    if abs(offset_s) >= CLOCK_DOWN_S:
        return Finding("down", f"{words}: set this machine's clock")
    return Finding("degraded" if abs(offset_s) >= CLOCK_DEGRADED_S else "ok", words)


def subscriptions_finding(observed: Mapping[str, Any], names: Mapping[str, str] | None = None) -> Finding:
    """
    What the subscriptions actor says of itself: its streamers, how they deliver, and what does not go well.

    Args:
        observed: What it says.
        names: Streamers' names by id, as far as they are known.
    """
    cost, most, hidden = observed.get("cost"), observed.get("max_cost"), observed.get("hidden_cost")
    words = [f"{observed.get('kept')} streamers kept", _delivery_words(observed), f"cost {cost} of {most}"]
    if hidden:
        words.append(f"{hidden} of it for what Twitch counts and does not list")
    if moving := observed.get("moving"):
        words.append(f"{moving} still come by the transport before")
    if dead := {name: count for name, count in observed.get("subscriptions", {}).items() if name not in ACTIVE}:
        words.append("dead: " + _counts(dead))
    if people := len(observed.get("needs_person", ())):
        words.append(f"{people} streamers have to sign in again for their own events")
    wrong = [
        f"{name}: {step['reason']}"
        for name, step in sorted(observed.get("parts", {}).items())
        if step["state"] != "ok"
    ]
    if polled := observed.get("without", ()):
        wrong.append(_polled(polled, names or {}))
    if observed.get("shards", {}).keys() - {ENABLED}:
        wrong.append("not every shard of the conduit delivers")
    return Finding("degraded" if wrong else "ok", "; ".join((*words, *wrong)))


def _delivery_words(observed: Mapping[str, Any]) -> str:
    shards = observed.get("shards")
    return f"by {observed.get('transport')}" + (f" ({_counts(shards)})" if shards else "")


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(found.items()))


def webhooks_finding(serving: Finding, told: Mapping[str, tuple[State, str]]) -> Finding:
    """What Serve says of the webhooks, and what a replica tells of what it needs: the worst counts."""
    troubled = {name: words for name, (state, words) in told.items() if state != "ok"}
    if serving.state != "ok" or not troubled:
        return serving
    worst = max((state for state, _ in told.values()), key=_RANK.__getitem__)
    return Finding(worst, "; ".join(f"{name}: {words}" for name, words in sorted(troubled.items())))


def twitch_finding(down: Mapping[str, float], *, alone: bool) -> Finding:
    """
    What a process says of Twitch, when a call to it has just been answered or none was due.

    Args:
        down: The services that are taken for down, and for how many seconds.
        alone: Whether this process counts our rate limit by itself.
    """
    if down:
        services = ", ".join(f"{base} for {for_s:.0f} s" for base, for_s in sorted(down.items()))
        return Finding("down", f"it does not answer at {services}: calls fail at once, and one tries now and then")
    if alone:
        return Finding(
            "degraded", "it answers; the actor twitch does not, so each process keeps to a part of our limit"
        )
    return Finding("ok", "it answers")


def _polled(streamer_ids: Sequence[str], names: Mapping[str, str]) -> str:
    some = ", ".join(names.get(one, one) for one in streamer_ids[:NAMED])
    more = f" and {len(streamer_ids) - NAMED} more" if len(streamer_ids) > NAMED else ""
    are = "streamer is" if len(streamer_ids) == 1 else "streamers are"
    return f"{len(streamer_ids)} {are} polled, for the cost budget has no room: {some}{more}"


def _connections(snapshot: Snapshot) -> Finding:
    accepting = [view for view in snapshot.connections if view.accepting]
    sockets = sum(view.sockets for view in snapshot.connections)
    words = f"{len(accepting)} of {len(snapshot.connections)} take sockets; {sockets} open"
    if not accepting:
        return Finding("down", f"no connection actor takes sockets; {sockets} open")
    if all(view.sockets >= view.capacity for view in accepting):
        return Finding("degraded", f"all are full: {words}")
    return Finding("ok", words)


def _streamers(snapshot: Snapshot) -> Finding:
    running = sum(view.streamers for view in snapshot.hosts)
    return Finding("ok", f"hosts: {len(snapshot.hosts)}; streamers that run: {running}")
