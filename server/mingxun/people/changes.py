"""What became different of a person: the fact says which fields, a table beside the ledger what they were and became.

So there is a trail of who overwrote whose telephone number, and yet whoever is erased is gone: the rows go with the person's.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from mingxun.kit.database import execute
from mingxun.ledger import FactId, record
from mingxun.people.facts import PersonChanged, PersonField


class PersonChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one person, as people read it: a building by its name."""

    person: UUID
    field: PersonField
    before: str
    after: str


async def record_change(change: PersonChange, *, neighbourhood: UUID | None, actor: UUID, at: datetime) -> None:
    """Record that one field of a person became different. `neighbourhood`: where their record is kept."""
    fact = PersonChanged(neighbourhood=neighbourhood, subject=change.person, fields=[change.field])
    await keep_changes(await record(fact, actor=actor, at=at), [change], neighbourhood=neighbourhood, at=at)


async def keep_changes(fact: FactId, changes: Sequence[PersonChange], *, neighbourhood: UUID | None, at: datetime) -> None:
    """Write down what `fact` only names, in one statement."""
    if changes:
        await execute(
            """INSERT INTO person_change (fact, neighbourhood, person, field, before, after, at)
               SELECT $1, $2, person, field, before, after, $3
               FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[]) AS u (person, field, before, after)""",
            fact,
            neighbourhood,
            at,
            [change.person for change in changes],
            [change.field.value for change in changes],
            [change.before for change in changes],
            [change.after for change in changes],
        )
