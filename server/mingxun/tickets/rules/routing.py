"""To whom a new ticket goes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from mingxun.people.schemas import PartyKind
from mingxun.tickets.schemas import Category

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
