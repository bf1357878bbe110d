"""Tickets: what was found, whom it is with, and who has seen that it is mended.

A ticket goes to a responsible party, which claims and resolves it in time or says no; it ends when somebody other than that
party has seen that it is mended. Its whole trail stays. Photos are re-encoded on arrival: nothing that a phone writes into a
picture is kept.
"""

from mingxun.tickets.facts import (
    TicketClaimed,
    TicketDeclined,
    TicketFact,
    TicketHandedOver,
    TicketOpened,
    TicketOverdue,
    TicketReopened,
    TicketResolved,
    TicketVerified,
)

__all__ = [
    "TicketClaimed",
    "TicketDeclined",
    "TicketFact",
    "TicketHandedOver",
    "TicketOpened",
    "TicketOverdue",
    "TicketReopened",
    "TicketResolved",
    "TicketVerified",
]
