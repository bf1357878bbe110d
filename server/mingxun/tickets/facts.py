"""Facts about tickets. `subject` is the ticket, `actor` whoever did it.

Each says enough of the ticket that those concerned can be told without reading it: `number` as people say it (`0916-07`),
`opened_by`, and the `party` that it is with after this.
"""

from typing import Literal
from uuid import UUID

from mingxun.ledger import Fact
from mingxun.tickets.schemas import Category, Urgency


class TicketOpened(Fact, frozen=True, kw_only=True, tag="ticket_opened"):
    """Somebody found something. With `party` None, coordinators must hand it over."""

    number: str
    what: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    location: UUID | None
    area: UUID | None


class TicketHandedOver(Fact, frozen=True, kw_only=True, tag="ticket_handed_over"):
    """It went from one party to another; `party` is the new one."""

    number: str
    what: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    from_party: UUID | None
    note: str


class TicketClaimed(Fact, frozen=True, kw_only=True, tag="ticket_claimed"):
    """The party works on it."""

    number: str
    what: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None


class TicketDeclined(Fact, frozen=True, kw_only=True, tag="ticket_declined"):
    """The party said no; coordinators hand it on."""

    number: str
    what: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    reason: str


class TicketResolved(Fact, frozen=True, kw_only=True, tag="ticket_resolved"):
    """The party says it is mended: whoever opened it is asked to look."""

    number: str
    what: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None


class TicketVerified(Fact, frozen=True, kw_only=True, tag="ticket_verified"):
    """Somebody saw that it is mended."""

    number: str
    what: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    resolved_by: UUID | None


class TicketReopened(Fact, frozen=True, kw_only=True, tag="ticket_reopened"):
    """Somebody saw that it is not mended."""

    number: str
    what: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    resolved_by: UUID | None
    reason: str


class TicketOverdue(Fact, frozen=True, kw_only=True, tag="ticket_overdue"):
    """A deadline passed; recorded once for each deadline, by the service itself."""

    number: str
    what: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    deadline: Literal["claim", "resolve"]


TicketFact = (
    TicketOpened
    | TicketHandedOver
    | TicketClaimed
    | TicketDeclined
    | TicketResolved
    | TicketVerified
    | TicketReopened
    | TicketOverdue
)
