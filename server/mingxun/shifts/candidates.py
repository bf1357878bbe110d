"""What a person can fill on a shift, by what the people feature knows of them."""

from collections.abc import Sequence
from uuid import UUID

from mingxun.kit.problems import NotFound
from mingxun.people.directory import load_candidate
from mingxun.shifts.rules import NeedNow, fillable
from mingxun.shifts.schemas import NeedRole


async def can_fill(person: UUID, neighbourhood: UUID, needs: Sequence[NeedNow]) -> frozenset[NeedRole]:
    """The kinds of need that the person can fill. Asks nothing of the database when the needs are for anyone."""
    if all(need.role is NeedRole.ANYONE for need in needs):
        return frozenset({NeedRole.ANYONE})
    candidate = await load_candidate(person, neighbourhood)
    if candidate is None:
        return frozenset({NeedRole.ANYONE})
    return fillable(party_member=candidate.party_member, roles=candidate.roles, skills=candidate.skills)


async def require_member(person: UUID, neighbourhood: UUID) -> None:
    """Raises NotFound when the person does not belong to the neighbourhood."""
    if await load_candidate(person, neighbourhood) is None:
        raise NotFound("There is no such person in this neighbourhood.")
