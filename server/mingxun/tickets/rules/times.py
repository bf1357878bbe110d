"""Until when a ticket is to be claimed and resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mingxun.tickets.schemas import Category, TicketState, Urgency


def in_utc(instant: datetime) -> datetime | None:
    """The instant in UTC; None when it has no offset, or at either end of the calendar no equivalent in UTC."""
    if instant.tzinfo is None:
        return None
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True)
class Allowance:
    """How long a party has, counted from the moment the ticket is handed to it."""

    claim: timedelta
    resolve: timedelta


def _hours(claim: float, resolve: float) -> Allowance:
    return Allowance(timedelta(hours=claim), timedelta(hours=resolve))


DEADLINES: Final[Mapping[Category, Mapping[Urgency, Allowance]]] = {
    Category.WASTE: {Urgency.NORMAL: _hours(4, 24), Urgency.URGENT: _hours(1, 6)},
    Category.GREENERY: {Urgency.NORMAL: _hours(24, 120), Urgency.URGENT: _hours(2, 24)},
    Category.PARKING: {Urgency.NORMAL: _hours(8, 48), Urgency.URGENT: _hours(1, 4)},
    Category.LIGHTING: {Urgency.NORMAL: _hours(8, 72), Urgency.URGENT: _hours(2, 24)},
    Category.FACILITIES: {Urgency.NORMAL: _hours(24, 120), Urgency.URGENT: _hours(2, 24)},
    Category.LIFT: {Urgency.NORMAL: _hours(2, 24), Urgency.URGENT: _hours(0.5, 4)},
    Category.WATER: {Urgency.NORMAL: _hours(4, 48), Urgency.URGENT: _hours(1, 8)},
    Category.FIRE_SAFETY: {Urgency.NORMAL: _hours(2, 24), Urgency.URGENT: _hours(0.5, 4)},
    Category.SECURITY: {Urgency.NORMAL: _hours(4, 48), Urgency.URGENT: _hours(1, 8)},
    Category.OTHER: {Urgency.NORMAL: _hours(24, 120), Urgency.URGENT: _hours(2, 24)},
}
"""Hours to claim and to resolve. All of it is our assumption: no regulation that we have read sets these times, and each
neighbourhood agrees its own with its parties. Plain hours, holidays included; what is dangerous (lift, fire lane) goes first."""

QUIET_FROM: Final = time(20)
QUIET_UNTIL: Final = time(8)
RESUMES_AT: Final = time(10)
"""Nobody is asked to claim or finish something ordinary in the night: a normal deadline after 20:00 and before 08:00 local time
moves to the next 10:00. One at 20:00 or 08:00 sharp stays. Urgent ones never move. Our assumption, too."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Until when a ticket must be claimed and resolved (aware)."""

    claim_by: datetime
    resolve_by: datetime


def deadlines(category: Category, urgency: Urgency, *, handed_at: datetime, zone: ZoneInfo) -> Deadlines:
    """The deadlines of a ticket handed to a party at `handed_at`; a hand-over and a reopening give the whole time again."""
    allowance = DEADLINES[category][urgency]
    claim_by, resolve_by = handed_at + allowance.claim, handed_at + allowance.resolve
    if urgency is Urgency.NORMAL:
        claim_by, resolve_by = after_the_night(claim_by, zone), after_the_night(resolve_by, zone)
    return Deadlines(claim_by, resolve_by)


def after_the_night(instant: datetime, zone: ZoneInfo) -> datetime:
    """`instant`, or the next 10:00 in `zone` when it falls into the night (after 20:00, before 08:00)."""
    local = instant.astimezone(zone)
    clock = local.time()
    if QUIET_UNTIL <= clock <= QUIET_FROM:
        return instant
    day = local.date() if clock < QUIET_UNTIL else local.date() + timedelta(days=1)
    return datetime.combine(day, RESUMES_AT, zone).astimezone(instant.tzinfo)


_TIMED_TO_CLAIM = frozenset({TicketState.OPEN, TicketState.DECLINED})
_TIMED_TO_RESOLVE = frozenset({TicketState.OPEN, TicketState.DECLINED, TicketState.CLAIMED})


def running_claim_by(state: TicketState, claim_by: datetime) -> datetime | None:
    """The time to claim while nobody has claimed it, else None. A ticket that was declined has still not been claimed."""
    return claim_by if state in _TIMED_TO_CLAIM else None


def running_resolve_by(state: TicketState, resolve_by: datetime) -> datetime | None:
    """The time to resolve until the party says that it is resolved, else None."""
    return resolve_by if state in _TIMED_TO_RESOLVE else None


def is_overdue(state: TicketState, claim_by: datetime, resolve_by: datetime, *, now: datetime) -> bool:
    """Whether a deadline that still runs has passed. At the very instant it has not."""
    running = (running_claim_by(state, claim_by), running_resolve_by(state, resolve_by))
    return any(deadline is not None and deadline < now for deadline in running)
