"""Times that a phone says. Its clock may be off by days, and what it says may arrive days later; the server's clock is the judge.

Pure. Whoever uses it keeps both: the time that counts, and what the phone said.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far a phone's clock may be off the server's before it is corrected: slow networks take up to a minute."""
BELIEVABLE = timedelta(days=31)
"""The furthest back that a time is believed: as far as a paper sheet may be entered."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def phone_time(at: datetime) -> datetime:
    """A time as a phone gave it, in UTC, moved into 1970–2099: a dead battery makes phones believe anything."""
    try:
        return min(max(at.astimezone(UTC), EARLIEST), LATEST)
    except OverflowError:
        return EARLIEST if at.year < 5000 else LATEST


@dataclass(frozen=True, slots=True)
class PhoneInstant:
    """When something happened on a phone, as well as can be told."""

    at: datetime
    """The time that counts; never after it was received."""
    by_server: datetime
    """The best guess in the server's time, corrected even for a clock seconds off; for codes that live for seconds."""
    said: datetime
    """By the phone's clock."""
    ago: timedelta
    """How long before it was received it happened; for one that was not believed, how long it claimed to be."""
    clock_off: bool


def judge(at: datetime, sent_at: datetime | None, received: datetime) -> PhoneInstant:
    """Judge the phone's time `at`, given its clock `sent_at` when it sent and the server's clock `received` (all aware).

    A clock within 2 minutes of the server's is believed. Otherwise the time is corrected by the difference, which keeps the order
    of whatever one phone did. A time that is in the future even so, or more than 31 days back, can't be: it counts when received.
    `sent_at` None: an app of before it was asked for; then only what can't be shows that the clock is off.
    """
    said = phone_time(at)
    offset = timedelta(0) if sent_at is None else received - phone_time(sent_at)
    corrected = min(said + offset, received)
    off = abs(offset) > CLOCK_TOLERANCE
    counts = corrected if off else said
    off = off or counts > received + CLOCK_TOLERANCE
    counts = min(counts, received)
    ago = received - counts
    if ago > BELIEVABLE:
        off, counts = True, received
    return PhoneInstant(at=counts, by_server=corrected, said=said, ago=ago, clock_off=off)
