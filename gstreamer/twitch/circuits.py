"""The circuits of Twitch's addresses in one process: whoever calls asks here first, and tells the outcome."""

from __future__ import annotations

from urllib.parse import urlsplit

from gstreamer import log
from gstreamer.core.circuit import Circuit
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ports import Counting


class Circuits:
    """
    A circuit for each of Twitch's services.

    Args:
        count: Where calls and states are counted.
    """

    def __init__(self, count: Counting) -> None:
        self._count = count
        self._circuits: dict[str, Circuit] = {}
        self._log = log.get("twitch")

    def down(self, now_s: float) -> dict[str, float]:
        """The services that are taken for down, and for how many seconds they have been."""
        opened = ((base, circuit.opened_s()) for base, circuit in self._circuits.items())
        return {base: now_s - opened_s for base, opened_s in opened if opened_s is not None}

    def check(self, url: str, now_s: float) -> None:
        """
        Fail a call before it waits for anything.

        Raises:
            UnavailableError: Its service is taken for down.
        """
        circuit = self._circuits.get(_base(url))
        if circuit is not None and circuit.wait_s(now_s) > 0:
            raise self._refusal(_base(url), circuit, now_s)

    def enter(self, url: str, now_s: float) -> None:
        """
        Let a call go, which then has to tell what became of it.

        Raises:
            UnavailableError: Its service is taken for down; nothing was asked.
        """
        circuit = self._circuits.setdefault(_base(url), Circuit())
        if not circuit.enter(now_s):
            raise self._refusal(_base(url), circuit, now_s)

    def answered(self, url: str, status: int, now_s: float, roll: float) -> None:
        """A call was answered with that status; 5xx is as bad as none."""
        self._count.count("gstreamer_twitch_requests", 1, f"{status // 100}xx")
        self._note(_base(url), now_s, None if status < 500 else roll)

    def unanswered(self, url: str, now_s: float, roll: float) -> None:
        """A call was not answered."""
        self._count.count("gstreamer_twitch_requests", 1, "unreachable")
        self._note(_base(url), now_s, roll)

    def abandoned(self, url: str) -> None:
        """A call was broken off by whoever made it."""
        self._circuits[_base(url)].abandoned()

    def _note(self, base: str, now_s: float, failed: float | None) -> None:
        circuit = self._circuits[base]
        before = circuit.opened_s()
        if failed is None:
            circuit.succeeded()
        else:
            circuit.failed(now_s, failed)
        after = circuit.opened_s()
        if (before is None) != (after is None):
            self._count.gauge("gstreamer_twitch_down", 0 if after is None else 1, base.rpartition("/")[2])
            if before is None:
                self._log.warning("twitch is taken for down", address=base)
            else:
                self._log.info("twitch answers again", address=base, after_s=round(now_s - before, 1))

    def _refusal(self, base: str, circuit: Circuit, now_s: float) -> UnavailableError:
        self._count.count("gstreamer_twitch_requests", 1, "spared")
        for_s, wait_s = now_s - (circuit.opened_s() or now_s), circuit.wait_s(now_s)
        return UnavailableError(
            f"twitch has not answered at {base} for {for_s:.0f} s: "
            f"calls fail at once, and the next one tries in {wait_s:.0f} s"
        )


def _base(url: str) -> str:
    """Which of Twitch's services an address is of: its host, and the first part of its path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{parts.path.lstrip('/').partition('/')[0]}"
