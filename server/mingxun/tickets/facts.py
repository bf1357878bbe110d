"""Facts about tickets. `subject` is the ticket, `actor` whoever did it.

Each says whom it concerns: `opened_by`, and the `party` that the ticket is with after this. `number` is as people say it
(`0916-07`). What somebody wrote is in the ticket, and in the step of its trail whose `version` is the fact's `step` (0: a fact from
before facts had one).
"""

from typing import Literal
from uuid import UUID

from mingxun.ledger import Fact
from mingxun.tickets.schemas import Category, Urgency


class TicketOpened(Fact, frozen=True, kw_only=True, tag="ticket_opened"):
    """Somebody found something. With `party` None, coordinators must hand it over."""

    number: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    location: UUID | None
    area: UUID | None
    step: int = 0


class TicketHandedOver(Fact, frozen=True, kw_only=True, tag="ticket_handed_over"):
    """It went from one party to another; `party` is the new one."""

    number: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    from_party: UUID | None
    step: int = 0


class TicketClaimed(Fact, frozen=True, kw_only=True, tag="ticket_claimed"):
    """The party works on it."""

    number: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    step: int = 0


class TicketDeclined(Fact, frozen=True, kw_only=True, tag="ticket_declined"):
    """The party said no; coordinators hand it on."""

    number: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    step: int = 0


class TicketResolved(Fact, frozen=True, kw_only=True, tag="ticket_resolved"):
    """The party says it is mended: whoever opened it is asked to look."""

    number: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    step: int = 0


class TicketVerified(Fact, frozen=True, kw_only=True, tag="ticket_verified"):
    """Somebody saw that it is mended."""

    number: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    resolved_by: UUID | None
    step: int = 0


class TicketReopened(Fact, frozen=True, kw_only=True, tag="ticket_reopened"):
    """Somebody saw that it is not mended."""

    number: str
    category: Category
    urgency: Urgency
    opened_by: UUID
    party: UUID | None
    resolved_by: UUID | None
    step: int = 0


class TicketOverdue(Fact, frozen=True, kw_only=True, tag="ticket_overdue"):
    """A deadline passed; recorded once for each deadline, by the service itself."""

    number: str
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
