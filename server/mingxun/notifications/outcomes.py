"""What a push service did with a push, and what to do next: decisions only."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import accumulate


class Reason(StrEnum):
    """Why a push did not arrive."""

    GONE = "gone"
    """404 or 410: the browser no longer wants it. The subscription is retired."""
    KEY_REFUSED = "key_refused"
    """401 or 403: the push service doesn't take our VAPID key or subject for this subscription. `mingxun doctor` shows it."""
    TOO_LARGE = "too_large"
    """413."""
    REJECTED = "rejected"
    """Another answer that won't change by asking again."""
    THROTTLED = "throttled"
    """429: too many; later."""
    SERVER_ERROR = "server_error"
    """5xx; later."""
    TIMEOUT = "timeout"
    """No answer in 10 seconds; later."""
    UNREACHABLE = "unreachable"
    """No connection; later."""
    HELD_BACK = "held_back"
    """Its push service has not answered others for a while, so it has not been tried; later."""
    ADDRESS_REFUSED = "address_refused"
    """It leads into a private network, or is no https address. The subscription is retired."""
    BROKEN_KEYS = "broken_keys"
    """Nothing can be encrypted for it. The subscription is retired."""
    SIGNED_OUT = "signed_out"
    """The session in which it was made is over. The subscription is retired."""
    UNSUBSCRIBED = "unsubscribed"
    """The person turned notifications off."""
    REPLACED = "replaced"
    """The browser made a newer one."""
    TAKEN_OVER = "taken_over"
    """Somebody else is signed in on that phone by now, and it is theirs."""
    LAPSED = "lapsed"
    """It was no longer worth delivering when its turn came."""


_LATER = frozenset({Reason.THROTTLED, Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.UNREACHABLE})
RETIRING = frozenset({Reason.GONE, Reason.ADDRESS_REFUSED, Reason.BROKEN_KEYS, Reason.SIGNED_OUT})
"""Reasons for which a subscription is never tried again."""
NO_FAULT = frozenset({Reason.HELD_BACK, Reason.LAPSED, Reason.TAKEN_OVER, Reason.UNSUBSCRIBED})
"""Reasons that say nothing about the phone: nothing was sent to it."""
PAUSES = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""Before the second, third … try; after the last one it is given up. Over two and a half hours in all."""
LONGEST_RETRY_AFTER = timedelta(hours=6)
"""A push service may ask for a longer pause than ours, up to this."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a push service did with a push."""

    reason: Reason | None = None
    """None: it took it."""
    status: int | None = None
    retry_after: timedelta | None = None

    @classmethod
    def of(cls, status: int, retry_after: timedelta | None = None) -> "Outcome":
        """Read an answer."""
        if 200 <= status < 300:
            return cls(None, status)
        return cls(_reason(status), status, retry_after)


def _reason(status: int) -> Reason:
    match status:
        case 404 | 410:
            return Reason.GONE
        case 401 | 403:
            return Reason.KEY_REFUSED
        case 413:
            return Reason.TOO_LARGE
        case 429:
            return Reason.THROTTLED
        case 408 | 425 | 500 | 502 | 503 | 504:
            return Reason.SERVER_ERROR
    return Reason.SERVER_ERROR if status >= 500 else Reason.REJECTED


def next_try(outcome: Outcome, *, attempts: int, age: timedelta, left: timedelta) -> timedelta | None:
    """How long to wait before trying again; None: give up. `attempts` counts this one, if it was one; `age`: how long ago the message
    was written; `left`: how long it is still worth it.

    What was held back waits as long as if it had been tried all the while, so that a push service that is out of reach for days
    is not asked about every message every minute; it is not given up untried before it lapses.
    """
    if outcome.reason is Reason.HELD_BACK:
        passed = sum(until <= age for until in accumulate(PAUSES))
        pause = PAUSES[min(passed, len(PAUSES) - 1)]
    elif outcome.reason not in _LATER or attempts > len(PAUSES):
        return None
    else:
        pause = PAUSES[attempts - 1]
    if outcome.retry_after is not None:
        pause = max(pause, min(outcome.retry_after, LONGEST_RETRY_AFTER))
    return pause if pause < left else None


FAILING = 3
"""Failed attempts in a row after which a person is told that a phone is not reached."""
