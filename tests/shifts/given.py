"""What tests of shifts begin with."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch_row, fetch_value
from mingxun.kit.ids import new_id
from mingxun.people.access import Actor
from mingxun.people.sessions import load_actor
from mingxun.places.schemas import CreateLocation
from mingxun.places.service import create_location
from mingxun.shifts import planning
from mingxun.shifts.schemas import CreateShift, NeedIn, NeedRole, ShiftDetail, ShiftKind
from tests.world import Neighbourhood, Person, give_session

HOUR = timedelta(hours=1)


async def actor_of(person: Person, clock: Clock) -> Actor:
    """The person as a request would bring them."""
    actor = await load_actor(await give_session(person.id, at=clock.now()), now=clock.now())
    assert actor is not None
    return actor


async def a_location(of: Neighbourhood, clock: Clock, name: str = "东门") -> UUID:
    wanted = CreateLocation(area=of.id, name=name)
    return (await create_location(of.id, wanted, actor=of.coordinator.id, clock=clock)).id


def needs(maximum: int = 2, role: NeedRole = NeedRole.ANYONE, *, id: UUID | None = None) -> NeedIn:  # noqa: A002
    return NeedIn(id=id, role=role, minimum=1, desired=1, maximum=maximum)


def wanted_shift(
    location: UUID,
    clock: Clock,
    *,
    begins: timedelta = 24 * HOUR,
    lasts: timedelta = 2 * HOUR,
    wants: Sequence[NeedIn] = (),
    title: str = "巡逻",
) -> CreateShift:
    return CreateShift(
        kind=ShiftKind.PATROL,
        title=title,
        location=location,
        starts_at=clock.now() + begins,
        ends_at=clock.now() + begins + lasts,
        needs=list(wants) or [needs()],
    )


async def a_shift(
    of: Neighbourhood,
    location: UUID,
    clock: Clock,
    *wants: NeedIn,
    begins: timedelta = 24 * HOUR,
    lasts: timedelta = 2 * HOUR,
    title: str = "巡逻",
) -> ShiftDetail:
    """A shift that the coordinator planned; tomorrow at this time for two hours, two places for anyone."""
    wanted = wanted_shift(location, clock, begins=begins, lasts=lasts, wants=wants, title=title)
    return await planning.create_shift(await actor_of(of.coordinator, clock), of.id, wanted, now=clock.now())


async def facts_of(shift: UUID, kind: str) -> int:
    return int(await fetch_value("SELECT count(*) FROM fact WHERE subject = $1 AND kind = $2", shift, kind))


async def counted(shift: UUID) -> tuple[int, int]:
    """What the needs say is taken, and how many active assignments there are: always the same."""
    row = await fetch_row(
        """SELECT (SELECT coalesce(sum(taken), 0) FROM need WHERE shift = $1) AS taken,
                  (SELECT count(*) FROM assignment WHERE shift = $1 AND state = 'active') AS active""",
        shift,
    )
    assert row is not None
    return row["taken"], row["active"]


async def insert(shift: UUID, need: UUID, person: UUID) -> None:
    """Put somebody on a shift behind the back of the code that knows how to."""
    await execute(
        """INSERT INTO assignment (id, neighbourhood, shift, need, person, starts_at, ends_at, state, assigned, made_by, made_at)
           SELECT $1, neighbourhood, id, $3, $4, starts_at, ends_at, 'active', false, $4, starts_at FROM shift WHERE id = $2""",
        new_id(),
        shift,
        need,
        person,
    )
