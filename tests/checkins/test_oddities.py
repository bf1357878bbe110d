"""Scans that are odd together are pointed out at each of them, in whatever order they arrive."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import permutations
from typing import Any

import pytest

from mingxun.checkins.schemas import Flag
from mingxun.kit.database import fetch
from tests.checkins.conftest import Scene
from tests.checkins.scene import MINUTE, Phone
from tests.conftest import TestClock
from tests.world import Person, World

PhoneOf = Callable[[Person], Awaitable[Phone]]
ORDERS = list(permutations(range(3)))


async def deliver(scans: Sequence[tuple[Phone, str, dict[str, Any]]], order: Sequence[int]) -> list[set[str]]:
    """Send the scans in this order; the flags that each has in the end."""
    for number in order:
        phone, path, body = scans[number]
        reply = await phone.client.post(f"/api/{path}", json=body)
        assert reply.status_code == 200, reply.text
    rows = await fetch("SELECT id::text, flags FROM evidence WHERE standing = 0")
    flags = {row["id"]: row["flags"] for row in rows}
    for found in flags.values():
        assert found == [flag for flag in Flag if flag in found], "in the order in which they are declared"
    return [set(flags[body["id"]]) for _, _, body in scans]


@pytest.mark.parametrize("order", ORDERS)
async def test_whoever_is_at_two_places_at_once_is_pointed_out_at_both(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, order: tuple[int, ...]
) -> None:
    phone = await phone_of(world.here.volunteer)
    gate, garden, later = (
        phone.body(scene.gate_code, ago=40 * MINUTE),
        phone.body(scene.garden_code, ago=39.5 * MINUTE),
        phone.body(scene.garden_code, ago=5 * MINUTE),
    )
    found = await deliver([(phone, "check-ins", body) for body in (gate, garden, later)], order)
    assert ["impossible_travel" in flags for flags in found] == [True, True, False]
    told = await fetch("SELECT data ->> 'evidence' AS evidence FROM fact WHERE kind = 'scan_flagged'")
    assert {row["evidence"] for row in told} == {gate["id"] if order.index(0) < order.index(1) else garden["id"]}


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1)])
async def test_leaving_one_place_by_its_code_while_at_another_is_pointed_out_at_both(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, order: tuple[int, ...]
) -> None:
    phone = await phone_of(world.here.volunteer)
    came = phone.body(scene.gate_code, ago=50 * MINUTE)
    left = phone.body(scene.gate_code, ago=20 * MINUTE, attendance=came["id"])
    garden = phone.body(scene.garden_code, ago=19.5 * MINUTE)
    scans = [(phone, "check-ins", came), (phone, "check-outs", left), (phone, "check-ins", garden)]
    assert ["impossible_travel" in flags for flags in await deliver(scans, order)] == [False, True, True]


async def test_leaving_without_a_code_says_nothing_of_where_one_was(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    came = phone.body(scene.gate_code, ago=50 * MINUTE)
    left = phone.body(None, ago=20 * MINUTE, attendance=came["id"])
    garden = phone.body(scene.garden_code, ago=19.5 * MINUTE)
    scans = [(phone, "check-ins", came), (phone, "check-ins", garden), (phone, "check-outs", left)]
    assert not any("impossible_travel" in flags for flags in await deliver(scans, (0, 1, 2)))


@pytest.mark.parametrize("order", ORDERS)
async def test_one_phone_for_several_people_within_an_hour_is_pointed_out_at_each(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, order: tuple[int, ...]
) -> None:
    here = world.here
    scans = []
    for person, ago in ((here.volunteer, 100), (here.second_volunteer, 70), (here.building_leader, 5)):
        phone = await phone_of(person)
        phone.device = "one-phone-for-all"
        scans.append((phone, "check-ins", phone.body(scene.garden_code, ago=ago * MINUTE)))
    assert ["shared_device" in flags for flags in await deliver(scans, order)] == [True, True, False]
    told = await fetch("SELECT data ->> 'person' AS person FROM fact WHERE kind = 'scan_flagged'")
    first = here.volunteer if order.index(0) < order.index(1) else here.second_volunteer
    assert [row["person"] for row in told] == [str(first.id)]
