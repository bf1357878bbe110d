"""What happens when nobody is looking."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import cast
from uuid import UUID

import aiohttp
import pytest

from mingxun.checkins.jobs import close_forgotten_stays, forget_devices, registry
from mingxun.kit.database import fetch, fetch_value
from mingxun.kit.jobs import JobContext
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from tests.checkins.conftest import Scene
from tests.checkins.scene import HOUR, MINUTE, Phone, facts, instant
from tests.conftest import TestClock
from tests.world import Person, World

PhoneOf = Callable[[Person], Awaitable[Phone]]


@pytest.fixture
def context(settings: Settings, keys: Keys, clock: TestClock) -> JobContext:
    return JobContext(settings=settings, keys=keys, clock=clock, http=cast(aiohttp.ClientSession, None))


async def test_a_forgotten_check_out_ends_with_the_shift_four_hours_after_it(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, context: JobContext
) -> None:
    phone = await phone_of(world.here.volunteer)
    stay = (await phone.check_in(scene.gate_code)).json()
    ends_at = clock.now() + 1.5 * HOUR
    url = f"/api/attendance/{stay['id']}"
    clock.forward(5.5 * HOUR)
    await close_forgotten_stays(b"", context)
    assert (await phone.client.get(url)).json()["left"] is None
    clock.forward(MINUTE)
    await close_forgotten_stays(b"", context)
    ended = (await phone.client.get(url)).json()
    assert instant(ended["left"]["at"]) == ends_at
    assert ended["left"]["grade"] == "assumed"
    assert ended["left_assumed"] is True
    assert ended["minutes"] == 90
    assert await facts(stay["id"]) == ["checked_in", "stay_closed"]
    await close_forgotten_stays(b"", context)
    assert await facts(stay["id"]) == ["checked_in", "stay_closed"]


async def test_a_forgotten_unscheduled_round_ends_when_last_seen(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, context: JobContext
) -> None:
    phone = await phone_of(world.here.second_volunteer)
    stay = (await phone.check_in(scene.garden_code)).json()
    clock.forward(25 * MINUTE)
    await phone.check_in(scene.garden_code)
    clock.forward(12 * HOUR)
    await close_forgotten_stays(b"", context)
    ended = (await phone.client.get(f"/api/attendance/{stay['id']}")).json()
    assert ended["left_assumed"] is True
    assert ended["minutes"] == 25


async def test_a_check_out_delivered_after_that_counts(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, context: JobContext
) -> None:
    phone = await phone_of(world.here.volunteer)
    stay = (await phone.check_in(scene.gate_code)).json()
    clock.forward(24 * HOUR)
    await close_forgotten_stays(b"", context)
    left = (await phone.check_out(attendance=stay["id"], ago=23 * HOUR)).json()
    assert left["minutes"] == 60
    assert left["left_assumed"] is False
    assert left["left"]["grade"] == "own_word"


async def test_phones_are_forgotten_after_30_days_and_nothing_else(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, context: JobContext
) -> None:
    old, young = await phone_of(world.here.volunteer), await phone_of(world.here.second_volunteer)
    first = (await old.check_in(scene.gate_code)).json()
    clock.forward(timedelta(days=1))
    second = (await young.check_in(scene.gate_code)).json()
    clock.forward(timedelta(days=29, minutes=1))
    await forget_devices(b"", context)
    hashes = {row["id"]: row["device_hash"] for row in await fetch("SELECT id, device_hash FROM evidence")}
    assert hashes[UUID(first["id"])] is None
    assert hashes[UUID(second["id"])] is not None
    assert await fetch_value("SELECT grade FROM evidence WHERE id = $1", UUID(first["id"])) == "poster"


def test_both_run_by_themselves() -> None:
    assert {schedule.name for schedule in registry.schedules} == {"close-forgotten-stays", "forget-devices"}
