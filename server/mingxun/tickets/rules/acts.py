"""What may be done with a ticket, by whom, and who sees it at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from mingxun.people.access import GRANTS, Role
from mingxun.people.access import Act as Permission
from mingxun.people.schemas import PartyKind
from mingxun.tickets.schemas import Act, TicketState


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
