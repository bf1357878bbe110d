"""Somebody's word for another."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from mingxun.kit.database import execute
from mingxun.kit.ids import new_id
from mingxun.places.schemas import CreateLocation
from mingxun.places.service import create_location
from tests.checkins.conftest import Scene
from tests.checkins.scene import HOUR, MINUTE, Phone, add_shift, evidence, facts, instant, rows_of, slug
from tests.conftest import TestClock
from tests.world import Person, World

ClientOf = Callable[[Person], Awaitable[httpx.AsyncClient]]
PhoneOf = Callable[[Person], Awaitable[Phone]]


def word(person: Person, at: datetime, **more: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "person": str(person.id), "at": at.isoformat(), "reason": "手机没电了", **more}


async def vouch(client: httpx.AsyncClient, shift: UUID, body: dict[str, Any]) -> httpx.Response:
    return await client.post(f"/api/shifts/{shift}/vouched-check-ins", json=body)


@pytest.mark.parametrize("role", ["building_leader", "coordinator", "secretary"])
async def test_leaders_and_coordinators_vouch(
    scene: Scene, world: World, client_of: ClientOf, clock: TestClock, role: str
) -> None:
    by = world.here.people()[role]
    answer = await vouch(await client_of(by), scene.shift, word(world.here.volunteer, clock.now()))
    assert answer.status_code == 200
    stay = answer.json()
    assert stay["shift"] == str(scene.shift)
    assert stay["person_name"] == world.here.volunteer.name
    assert stay["arrived"]["grade"] == "vouched"
    assert stay["arrived"]["vouched_by_name"] == by.name
    assert stay["arrived"]["phone_at"] is None
    assert stay["arrived"]["flags"] == []
    assert await facts(stay["id"]) == ["vouched"]
    assert (await evidence(stay["id"]))[0]["reason"] == "手机没电了"


@pytest.mark.parametrize(("role", "status"), [("volunteer", 403), ("handler", 403)])
async def test_others_do_not(scene: Scene, world: World, client_of: ClientOf, clock: TestClock, role: str, status: int) -> None:
    client = await client_of(world.here.people()[role])
    assert (await vouch(client, scene.shift, word(world.here.second_volunteer, clock.now()))).status_code == status
    assert await rows_of("attendance") == 0


async def test_nobody_from_elsewhere_learns_of_the_shift(
    scene: Scene, world: World, client_of: ClientOf, clock: TestClock
) -> None:
    for person in (*world.there.people().values(), world.stranger):
        answer = await vouch(await client_of(person), scene.shift, word(world.here.volunteer, clock.now()))
        assert (answer.status_code, slug(answer)) == (404, "not-found")


async def test_nobody_is_vouched_for_where_they_do_not_belong(
    scene: Scene, world: World, client_of: ClientOf, clock: TestClock
) -> None:
    client = await client_of(world.here.coordinator)
    assert (await vouch(client, scene.shift, word(world.there.volunteer, clock.now()))).status_code == 404


async def test_a_building_leader_speaks_for_their_building_only(
    scene: Scene, world: World, client_of: ClientOf, clock: TestClock
) -> None:
    here = world.here
    await execute("UPDATE person SET building = $2 WHERE id = $1", here.second_volunteer.id, here.buildings[1].id)
    client = await client_of(here.building_leader)
    assert (await vouch(client, scene.shift, word(here.second_volunteer, clock.now()))).status_code == 403
    wanted = CreateLocation(area=here.buildings[0].id, name="9号楼门厅")
    hall = await create_location(here.id, wanted, actor=here.coordinator.id, clock=clock)
    shift = await add_shift(hall, clock.now(), clock.now() + HOUR, by=here.coordinator)
    assert (await vouch(client, shift, word(here.second_volunteer, clock.now()))).status_code == 200


async def test_nobody_vouches_for_themselves(scene: Scene, world: World, client_of: ClientOf, clock: TestClock) -> None:
    client = await client_of(world.here.coordinator)
    answer = await vouch(client, scene.shift, word(world.here.coordinator, clock.now() + HOUR))
    assert (answer.status_code, slug(answer)) == (403, "vouch-for-self")
    assert answer.json()["refusals"] == ["for_self", "in_future"]


@pytest.mark.parametrize(("off", "refusal"), [(6 * MINUTE, "in_future"), (-timedelta(days=31, seconds=1), "too_long_ago")])
async def test_a_word_for_the_future_or_the_far_past_is_refused(
    scene: Scene, world: World, client_of: ClientOf, clock: TestClock, off: timedelta, refusal: str
) -> None:
    client = await client_of(world.here.coordinator)
    answer = await vouch(client, scene.shift, word(world.here.volunteer, clock.now() + off))
    assert (answer.status_code, slug(answer)) == (422, "vouch-out-of-time")
    assert answer.json()["refusals"] == [refusal]


async def test_a_paper_sheet_is_entered_the_next_day(scene: Scene, world: World, client_of: ClientOf, clock: TestClock) -> None:
    came, left = clock.now() - 5 * MINUTE, clock.now() + HOUR
    clock.forward(timedelta(days=1))
    client = await client_of(world.here.coordinator)
    assert (await vouch(client, scene.shift, word(world.here.volunteer, came))).status_code == 200
    stay = (await vouch(client, scene.shift, word(world.here.volunteer, left, direction="out"))).json()
    assert stay["minutes"] == 65
    assert stay["left"]["grade"] == "vouched"
    assert await facts(stay["id"]) == ["vouched", "vouched"]


async def test_a_going_needs_a_coming(scene: Scene, world: World, client_of: ClientOf, clock: TestClock) -> None:
    client = await client_of(world.here.coordinator)
    answer = await vouch(client, scene.shift, word(world.here.volunteer, clock.now(), direction="out"))
    assert (answer.status_code, slug(answer)) == (409, "not-checked-in")


async def test_ones_own_scan_goes_before_somebodys_word(
    scene: Scene, world: World, client_of: ClientOf, phone_of: PhoneOf, clock: TestClock
) -> None:
    client, phone = await client_of(world.here.coordinator), await phone_of(world.here.volunteer)
    vouched = (await vouch(client, scene.shift, word(world.here.volunteer, clock.now()))).json()
    clock.forward(3 * MINUTE)
    own = (await phone.check_in(scene.gate_code)).json()
    assert own["id"] == vouched["id"]
    assert own["arrived"]["grade"] == "poster"
    assert instant(own["arrived"]["at"]) == clock.now()
    again = (await vouch(client, scene.shift, word(world.here.volunteer, clock.now() - 10 * MINUTE))).json()
    assert again["arrived"] == own["arrived"]


async def test_the_same_word_again_is_the_same_receipt_and_another_is_refused(
    scene: Scene, world: World, client_of: ClientOf, clock: TestClock
) -> None:
    client = await client_of(world.here.coordinator)
    body = word(world.here.volunteer, clock.now())
    first = (await vouch(client, scene.shift, body)).json()
    assert (await vouch(client, scene.shift, body)).json() == first
    other = await vouch(client, scene.shift, body | {"reason": "别的原因"})
    assert (other.status_code, slug(other)) == (409, "id-taken")
    someone = await vouch(client, scene.shift, body | {"person": str(world.here.second_volunteer.id)})
    assert (someone.status_code, slug(someone)) == (409, "id-taken")
    assert await rows_of("attendance") == 1
