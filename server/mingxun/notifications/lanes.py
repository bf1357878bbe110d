"""One lane for each push service, so that one that hangs holds up nobody else.

In some networks a push service can't be reached at all, and every try takes the full ten seconds: after a few of those in a row its
lane is closed for a while, and what is meant for it comes back later without having been tried.
"""

import asyncio
import time
from datetime import timedelta
from weakref import WeakKeyDictionary

import aiohttp

from mingxun.notifications.outcomes import Outcome, Reason

AT_ONCE = 64
"""Pushes to one push service on the wire at a time, from one process."""
FAILURES = 8
"""Tries in a row without an answer after which a lane is closed."""
CLOSED = 60.0
"""Seconds that it stays closed; then one more failure closes it again."""


class Lane:
    """The way to one push service."""

    def __init__(self) -> None:
        self.gate = asyncio.Semaphore(AT_ONCE)
        """Entered for each push."""
        self._failures = 0
        self._closed_until = 0.0

    @property
    def closed_for(self) -> timedelta:
        """How long it is not worth trying; nothing when it is."""
        return timedelta(seconds=max(0.0, self._closed_until - time.monotonic()))

    def learn(self, outcome: Outcome) -> None:
        """Remember whether the push service answered; what it answered does not matter."""
        if outcome.reason in {Reason.TIMEOUT, Reason.UNREACHABLE}:
            self._failures += 1
            if self._failures >= FAILURES:
                self._closed_until = time.monotonic() + CLOSED
        else:
            self._failures = 0
            self._closed_until = 0.0


_MOST = 1000
_lanes: "WeakKeyDictionary[aiohttp.ClientSession, dict[str, Lane]]" = WeakKeyDictionary()


def lane_to(origin: str, http: aiohttp.ClientSession) -> Lane:
    """This process's lane to the push service at `origin`, shared by all jobs that use the session."""
    lanes = _lanes.setdefault(http, {})
    if origin not in lanes:
        if len(lanes) >= _MOST:  # origins come from strangers
            del lanes[next(iter(lanes))]
        lanes[origin] = Lane()
    return lanes[origin]
