"""Whom one calls about a shift."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from mingxun.kit.database import execute
from mingxun.shifts.schemas import ShiftDetail
from tests.conftest import TestClock
from tests.shifts.given import a_location, a_shift, needs
from tests.world import Person, World

Browser = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def shift(world: World, clock: TestClock) -> ShiftDetail:
    return await a_shift(world.here, await a_location(world.here, clock), clock, needs(10))


async def contact(client: httpx.AsyncClient, shift: ShiftDetail) -> Any:
    return (await client.get(f"/api/shifts/{shift.id}")).json()["contact"]


async def test_who_is_on_a_shift_can_call_whoever_planned_it(world: World, client_of: Browser, shift: ShiftDetail) -> None:
    volunteer = await client_of(world.here.volunteer)
    planner = world.here.coordinator
    committee = {"person": None, "name": "凌云里", "phone": "021-0000 1234"}
    assert await contact(volunteer, shift) == committee, "a number of one's own is not for everybody who looks"
    await volunteer.post(f"/api/shifts/{shift.id}/sign-up")
    assert await contact(volunteer, shift) == {"person": str(planner.id), "name": planner.name, "phone": planner.phone}
    leader = await client_of(world.here.building_leader)
    assert await contact(leader, shift) == {"person": str(planner.id), "name": planner.name, "phone": planner.phone}


async def test_when_the_planner_has_left_one_calls_the_residents_committee(
    world: World, client_of: Browser, shift: ShiftDetail, clock: TestClock
) -> None:
    volunteer = await client_of(world.here.volunteer)
    await volunteer.post(f"/api/shifts/{shift.id}/sign-up")
    await execute("UPDATE membership SET ended_at = $2 WHERE person = $1", world.here.coordinator.id, clock.now())
    assert await contact(volunteer, shift) == {"person": None, "name": "凌云里", "phone": "021-0000 1234"}


async def test_without_any_number_there_is_nobody_to_call(world: World, client_of: Browser, shift: ShiftDetail) -> None:
    await execute("UPDATE area SET phone = '' WHERE id = $1", world.here.id)
    assert await contact(await client_of(world.here.volunteer), shift) is None
