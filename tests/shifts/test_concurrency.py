"""Many at once, with real commits: the database counts places and keeps one person in one place."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch_value, transaction
from mingxun.kit.problems import Problem
from mingxun.people.access import Actor, Role
from mingxun.shifts import joining, planning
from mingxun.shifts.schemas import CancelShift, ShiftDetail, UpdateShift
from tests.conftest import TestClock
from tests.shifts.given import HOUR, a_location, a_shift, actor_of, counted, insert, needs
from tests.world import World, add_membership, add_person

pytestmark = pytest.mark.usefixtures("committed_database")


async def volunteers(world: World, clock: Clock, count: int) -> list[Actor]:
    async with transaction():
        found = []
        for i in range(count):
            person = await add_person(f"志愿者{i}", f"+86198000{i:05d}", neighbourhood=world.here.id)
            await add_membership(person, Role.VOLUNTEER, world.here.area)
            found.append(await actor_of(person, clock))
        return found


async def planned(
    world: World, clock: Clock, *, maximum: int = 10, begins: timedelta = 24 * HOUR, gate: UUID | None = None
) -> ShiftDetail:
    async with transaction():
        location = gate or await a_location(world.here, clock)
        return await a_shift(world.here, location, clock, needs(maximum), begins=begins)


async def outcome(act: Callable[[], Awaitable[Any]]) -> str:
    """What became of an act in a transaction of its own: `done`, the reasons of its refusal, or the constraint that held."""
    try:
        async with transaction():
            await act()
    except Problem as problem:
        return ",".join(problem.members.get("reasons", [problem.slug]))
    except asyncpg.CheckViolationError as violation:
        return str(violation.constraint_name)
    return "done"


async def all_at_once(*acts: Callable[[], Awaitable[Any]]) -> Counter[str]:
    """Every act in a task and transaction of its own. An error that is no refusal, a deadlock for one, fails the test."""
    return Counter(await asyncio.gather(*(asyncio.create_task(outcome(act)) for act in acts)))


async def test_of_200_people_who_want_10_places_10_get_in_and_190_are_told_that_it_is_full(
    world: World, clock: TestClock
) -> None:
    people = await volunteers(world, clock, 200)
    shift = await planned(world, clock)
    ends = await all_at_once(*(lambda p=p: joining.sign_up(p, shift.id, now=clock.now()) for p in people))
    assert ends == {"done": 10, "full": 190}
    async with transaction():
        assert await counted(shift.id) == (10, 10)
        assert await fetch_value("SELECT count(*) FROM fact WHERE kind = 'signed_up'") == 10


async def test_20_bare_inserts_at_once_into_3_places_leave_3_people_on_the_shift(world: World, clock: TestClock) -> None:
    people = await volunteers(world, clock, 20)
    shift = await planned(world, clock, maximum=3)
    ends = await all_at_once(*(lambda p=p: insert(shift.id, shift.needs[0].id, p.person) for p in people))
    assert ends == {"done": 3, "need_not_overbooked": 17}
    async with transaction():
        assert await counted(shift.id) == (3, 3)


async def test_bare_writes_and_sign_ups_and_withdrawals_at_once_never_block_or_miscount(world: World, clock: TestClock) -> None:
    people = await volunteers(world, clock, 24)
    shift = await planned(world, clock, maximum=8)
    need = shift.needs[0].id

    def bare_end(person: Actor) -> Callable[[], Awaitable[Any]]:
        return lambda: execute(
            "UPDATE assignment SET state = 'withdrawn', ended_by = $2, ended_at = $3 WHERE shift = $1 AND person = $2"
            " AND state = 'active'",
            shift.id,
            person.person,
            clock.now(),
        )

    def joins(person: Actor, number: int) -> Callable[[], Awaitable[Any]]:
        if number % 2:
            return lambda: joining.sign_up(person, shift.id, now=clock.now())
        return lambda: insert(shift.id, need, person.person)

    def leaves(person: Actor) -> Callable[[], Awaitable[Any]]:
        return lambda: joining.withdraw(person, shift.id, now=clock.now())

    acts: list[Callable[[], Awaitable[Any]]] = []
    for number, person in enumerate(people):
        acts += [joins(person, number), bare_end(people[number - 5]), leaves(people[number - 9])]
    ends = await all_at_once(*acts)
    assert set(ends) <= {"done", "full", "not_in", "need_not_overbooked"}
    async with transaction():
        taken, active = await counted(shift.id)
        assert taken == active <= 8


async def test_the_same_person_many_times_at_once_has_one_place_and_always_the_same(world: World, clock: TestClock) -> None:
    (person,) = await volunteers(world, clock, 1)
    shift = await planned(world, clock)
    given: list[UUID] = []

    async def sign_up() -> None:
        given.append((await joining.sign_up(person, shift.id, now=clock.now())).need)

    assert await all_at_once(*[sign_up] * 50) == {"done": 50}
    assert len(set(given)) == 1
    async with transaction():
        assert await counted(shift.id) == (1, 1)
        assert await fetch_value("SELECT count(*) FROM fact WHERE kind = 'signed_up'") == 1


async def test_one_person_who_wants_20_overlapping_shifts_at_once_gets_one(world: World, clock: TestClock) -> None:
    (person,) = await volunteers(world, clock, 1)
    first = await planned(world, clock)
    shifts = [first] + [
        await planned(world, clock, begins=24 * HOUR + timedelta(minutes=i), gate=first.location) for i in range(1, 20)
    ]
    ends = await all_at_once(*(lambda s=s: joining.sign_up(person, s.id, now=clock.now()) for s in shifts))
    assert ends == {"done": 1, "overlaps": 19}


async def test_signing_up_withdrawing_moving_and_cancelling_at_once_never_blocks_or_miscounts(
    world: World, clock: TestClock
) -> None:
    people = await volunteers(world, clock, 12)
    first = await planned(world, clock, maximum=4)
    second = await planned(world, clock, maximum=4, begins=25 * HOUR, gate=first.location)
    async with transaction():
        coordinator = await actor_of(world.here.coordinator, clock)

    def joins(person: Actor, shift: ShiftDetail) -> Callable[[], Awaitable[Any]]:
        return lambda: joining.sign_up(person, shift.id, now=clock.now())

    def leaves(person: Actor, shift: ShiftDetail) -> Callable[[], Awaitable[Any]]:
        return lambda: joining.withdraw(person, shift.id, now=clock.now())

    def moves(shift: ShiftDetail, minutes: int) -> Callable[[], Awaitable[Any]]:
        wanted = UpdateShift(
            starts_at=shift.starts_at + timedelta(minutes=minutes), ends_at=shift.ends_at + timedelta(minutes=minutes)
        )
        return lambda: planning.update_shift(coordinator, shift.id, wanted, now=clock.now())

    acts = []
    for turn in range(5):
        for i, person in enumerate(people):
            acts.append(joins(person, (first, second)[(i + turn) % 2]))
            acts.append(leaves(person, (first, second)[i % 2]))
        acts += [moves(first, turn), moves(second, -turn * 30), moves(first, turn * 45)]
    ends = await all_at_once(*acts)
    assert set(ends) <= {"done", "full", "overlaps", "not_in", "overlaps,full", "shift-change-conflicts"}
    assert ends["done"] > 0
    async with transaction():
        for shift in (first, second):
            taken, active = await counted(shift.id)
            assert taken == active <= 4
    ends = await all_at_once(
        *(joins(p, first) for p in people),
        lambda: planning.cancel_shift(coordinator, first.id, CancelShift(reason="台风"), now=clock.now()),
        *(leaves(p, first) for p in people),
    )
    async with transaction():
        assert await counted(first.id) == (0, 0)
        assert await fetch_value("SELECT state FROM shift WHERE id = $1", first.id) == "cancelled"
