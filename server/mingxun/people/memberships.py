"""Giving and ending roles; the caller holds the transaction and has asked whether it may."""

from datetime import datetime
from uuid import UUID

from mingxun.kit.clock import Clock
from mingxun.kit.database import fetch_row, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.problems import NotFound
from mingxun.ledger import record
from mingxun.people.accounts import revoke_invitations_of
from mingxun.people.facts import MembershipEnded, MembershipGiven
from mingxun.people.schemas import Role


async def give_membership(
    person: UUID, role: Role, area: UUID, *, neighbourhood: UUID | None, party: UUID | None, actor: UUID | None, at: datetime
) -> UUID | None:
    """Give the person a role; None when they hold it already. The database refuses an area or party of another neighbourhood."""
    made = await fetch_value(
        """INSERT INTO membership (id, neighbourhood, person, role, area, party, from_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT DO NOTHING RETURNING id""",
        new_id(),
        neighbourhood,
        person,
        role.value,
        area,
        party,
        at,
    )
    if made is None:
        return None
    fact = MembershipGiven(neighbourhood=neighbourhood, subject=person, membership=made, role=role, area=area, party=party)
    await record(fact, actor=actor, at=at)
    return UUID(str(made))


async def end_membership(membership: UUID, *, actor: UUID | None, clock: Clock) -> None:
    """End a role, and the invitations that its holder made and nobody took up. Raises NotFound when it is over, or unknown."""
    now = clock.now()
    row = await fetch_row(
        """UPDATE membership SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL
           RETURNING neighbourhood, person, role, area, party""",
        membership,
        now,
    )
    if row is None:
        raise NotFound
    await revoke_invitations_of(row["person"], now=now)
    fact = MembershipEnded(
        neighbourhood=row["neighbourhood"],
        subject=row["person"],
        membership=membership,
        role=Role(row["role"]),
        area=row["area"],
        party=row["party"],
    )
    await record(fact, actor=actor, at=now)
