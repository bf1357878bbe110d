"""Presence is tested at two places of 凌云里, 1.1 km apart, and one of 望江苑."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from mingxun.kit.signing import Keys
from mingxun.places import Location
from tests.checkins.scene import GARDEN, GATE, HOUR, Phone, add_location, add_shift, poster
from tests.conftest import TestClock
from tests.world import Person, World


@dataclass
class Scene:
    """It is `clock.now()`; the volunteer's shift at the gate began half an hour ago and lasts two hours."""

    gate: Location
    garden: Location
    nowhere: Location
    """Its position is not known."""
    foreign: Location
    shift: UUID
    gate_code: str
    garden_code: str
    foreign_code: str


@pytest.fixture
async def scene(world: World, clock: TestClock, keys: Keys, db: None) -> Scene:
    here, there = world.here, world.there
    gate = await add_location(here, "东门", GATE, clock)
    garden = await add_location(here, "花园", GARDEN, clock)
    nowhere = await add_location(here, "活动室", None, clock)
    foreign = await add_location(there, "西门", GATE, clock)
    shift = await add_shift(gate, clock.now() - HOUR / 2, clock.now() + HOUR * 1.5, [here.volunteer], by=here.coordinator)
    return Scene(gate, garden, nowhere, foreign, shift, poster(gate, keys), poster(garden, keys), poster(foreign, keys))


@pytest.fixture
def phone_of(
    client_of: Callable[[Person | UUID], Awaitable[httpx.AsyncClient]], clock: TestClock
) -> Callable[[Person], Awaitable[Phone]]:
    async def take(person: Person) -> Phone:
        return Phone(await client_of(person), clock)

    return take
