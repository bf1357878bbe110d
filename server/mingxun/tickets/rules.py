"""Decisions about tickets: what may be done to one, by whom, and until when. Values and the instant in, a verdict out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from mingxun.people.access import GRANTS, Role
from mingxun.people.access import Act as Permission
from mingxun.people.schemas import PartyKind
from mingxun.tickets.schemas import Act, Category, TicketState, Urgency

# --- when ---


def in_utc(instant: datetime) -> datetime | None:
    """The instant in UTC; None when it has no offset, or at either end of the calendar no equivalent in UTC."""
    if instant.tzinfo is None:
        return None
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return None


# --- until when ---


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


# --- to whom ---

CATEGORY_PARTY_KIND: Final[Mapping[Category, PartyKind]] = {
    Category.WASTE: PartyKind.PROPERTY,
    Category.GREENERY: PartyKind.PROPERTY,
    Category.PARKING: PartyKind.PROPERTY,
    Category.LIGHTING: PartyKind.PROPERTY,
    Category.FACILITIES: PartyKind.PROPERTY,
    Category.LIFT: PartyKind.PROPERTY,
    Category.WATER: PartyKind.PROPERTY,
    Category.FIRE_SAFETY: PartyKind.PROPERTY,
    Category.SECURITY: PartyKind.PROPERTY,
    Category.OTHER: PartyKind.RESIDENTS_COMMITTEE,
}
"""Who gets a ticket when the person who opens it does not say. Our assumption; a coordinator hands over where it differs."""


@dataclass(frozen=True, slots=True)
class Party:
    """A responsible party of the ticket's neighbourhood."""

    id: UUID
    kind: PartyKind


def party_for(category: Category, parties: Iterable[Party]) -> UUID | None:
    """The party that a new ticket goes to: the first of the category's kind, else the residents' committee, else None.

    `parties` in the order in which they were added. With None a coordinator must hand the ticket over.
    """
    found = list(parties)
    for kind in (CATEGORY_PARTY_KIND[category], PartyKind.RESIDENTS_COMMITTEE):
        for party in found:
            if party.kind is kind:
                return party.id
    return None


# --- what may be done, by whom ---


class Refusal(StrEnum):
    """Why an act on a ticket is refused."""

    NOT_ALLOWED = "not_allowed"
    """The reader's roles don't include this act."""
    NOT_YOUR_PARTY = "not_your_party"
    """The ticket is with another party; only that one claims, declines and resolves it."""
    NO_PARTY = "no_party"
    """The ticket is with no party yet; a coordinator hands it over first."""
    ALREADY_CLAIMED = "already_claimed"
    """Somebody was quicker; `party` and `by_name` say who."""
    WRONG_STATE = "wrong_state"
    """The ticket has moved on; `state` says where it is."""
    SAME_PARTY = "same_party"
    """It is with that party already."""
    OWN_WORK = "own_work"
    """Whoever mended it, or belongs to the party that did, can't be the one who sees that it is mended."""


COORDINATING: Final = GRANTS[Permission.CLAIM_TICKET] - {Role.HANDLER}
"""Those who run the queue of a neighbourhood; they also act for its residents' committee (居委会)."""
COMMITTEE: Final = frozenset({Role.COORDINATOR, Role.SECRETARY})
"""The residents' committee's own people: its work is their work."""
VERIFYING: Final = COORDINATING | {Role.BUILDING_LEADER}
"""Those who may say that any ticket is mended, or is not; besides them the person who opened it."""
SEES_ALL: Final = GRANTS[Permission.LIST_ALL_TICKETS]
"""Those who see every ticket of their neighbourhood. Handlers see what was handed to their party, and what they opened."""

FROM: Final[Mapping[Act, frozenset[TicketState]]] = {
    Act.CLAIM: frozenset({TicketState.OPEN}),
    Act.DECLINE: frozenset({TicketState.OPEN}),
    Act.HAND_OVER: frozenset({TicketState.OPEN, TicketState.CLAIMED, TicketState.DECLINED}),
    Act.RESOLVE: frozenset({TicketState.CLAIMED}),
    Act.VERIFY: frozenset({TicketState.RESOLVED}),
    Act.REOPEN: frozenset({TicketState.RESOLVED, TicketState.VERIFIED}),
}
"""The states in which an act makes sense. A party that has claimed hands over rather than declines. Reopening is possible after
verifying, too: of two people who looked, the one who saw it broken is to be believed."""

TO: Final[Mapping[Act, TicketState]] = {
    Act.CLAIM: TicketState.CLAIMED,
    Act.DECLINE: TicketState.DECLINED,
    Act.HAND_OVER: TicketState.OPEN,
    Act.RESOLVE: TicketState.RESOLVED,
    Act.VERIFY: TicketState.VERIFIED,
    Act.REOPEN: TicketState.OPEN,
}
"""The state after an act."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a ticket or acts on it, as far as its neighbourhood goes."""

    person: UUID
    roles: frozenset[Role]
    parties: frozenset[UUID]
    """Those for which the person is a handler."""

    def acts_for(self, party: UUID | None, kind: PartyKind | None) -> bool:
        """Whether this person may claim, decline and resolve in the party's name."""
        if party is None:
            return False
        return party in self.parties or (kind is PartyKind.RESIDENTS_COMMITTEE and bool(self.roles & COORDINATING))

    def belongs_to(self, party: UUID | None, kind: PartyKind | None) -> bool:
        """Whether the party's work is this person's. A subdistrict administrator acts for a committee without being of it."""
        if party is None:
            return False
        return party in self.parties or (kind is PartyKind.RESIDENTS_COMMITTEE and bool(self.roles & COMMITTEE))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a ticket stands."""

    state: TicketState
    party: UUID | None
    party_kind: PartyKind | None
    parties: frozenset[UUID]
    """Every party that it was ever handed to, now or before."""
    opened_by: UUID
    resolved_by: UUID | None
    """Who resolved it last."""


def may_see(reader: Reader, ticket: Standing) -> bool:
    """Whether the ticket exists for the reader at all."""
    return (
        bool(reader.roles & SEES_ALL)
        or bool(reader.parties & ticket.parties)
        or bool(reader.roles and ticket.opened_by == reader.person)
    )


def judge(act: Act, reader: Reader, ticket: Standing, *, to: UUID | None = None) -> Refusal | None:
    """Why the reader may not do `act` now, or None. `to` is the party that a hand-over goes to.

    Who comes before when: a person without the right learns that, whatever state the ticket is in.
    """
    return _refuse_who(act, reader, ticket) or _refuse_when(act, ticket, to)


def possible_acts(reader: Reader, ticket: Standing) -> list[Act]:
    """What the reader may do with the ticket now, in the order of `Act`."""
    return [act for act in Act if judge(act, reader, ticket) is None]


def _refuse_who(act: Act, reader: Reader, ticket: Standing) -> Refusal | None:
    acts_for_party = reader.acts_for(ticket.party, ticket.party_kind)
    coordinates = bool(reader.roles & COORDINATING)
    match act:
        case Act.CLAIM | Act.DECLINE | Act.RESOLVE:
            if ticket.party is None and (coordinates or Role.HANDLER in reader.roles):
                return Refusal.NO_PARTY
            if not acts_for_party:
                return Refusal.NOT_YOUR_PARTY if coordinates or Role.HANDLER in reader.roles else Refusal.NOT_ALLOWED
        case Act.HAND_OVER:
            if not coordinates and not acts_for_party:
                return Refusal.NOT_YOUR_PARTY if Role.HANDLER in reader.roles else Refusal.NOT_ALLOWED
            if not coordinates and ticket.state is TicketState.DECLINED:
                return Refusal.WRONG_STATE
        case Act.VERIFY | Act.REOPEN:
            if not (reader.roles & VERIFYING or (reader.roles and ticket.opened_by == reader.person)):
                return Refusal.NOT_ALLOWED
            own = ticket.resolved_by == reader.person or reader.belongs_to(ticket.party, ticket.party_kind)
            if act is Act.VERIFY and ticket.state is TicketState.RESOLVED and own:
                return Refusal.OWN_WORK
    return None


def _refuse_when(act: Act, ticket: Standing, to: UUID | None) -> Refusal | None:
    if act is Act.CLAIM and ticket.state is TicketState.CLAIMED:
        return Refusal.ALREADY_CLAIMED
    if ticket.state not in FROM[act]:
        return Refusal.WRONG_STATE
    if act is Act.HAND_OVER and to is not None and to == ticket.party and ticket.state is not TicketState.DECLINED:
        return Refusal.SAME_PARTY
    return None


# --- how it is called ---


def stored_number(day: date, count: int) -> str:
    """The number as it is kept, unique in its neighbourhood: `2026-0916-07`. A day has as many as it needs (`2026-0916-123`)."""
    return f"{day:%Y-%m%d}-{count:02d}"


def spoken_number(stored: str) -> str:
    """The number as people say it: `0916-07`. It comes again after a year; the id does not."""
    return stored.partition("-")[2]


def shown_name(name: str, *, masked: bool) -> str:
    """A person's name, or just its first character (`金**`) for a reader to whom residents are strangers."""
    return f"{name[:1]}**" if masked else name
