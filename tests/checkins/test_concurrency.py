"""Many requests at once, on real commits."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from uuid import UUID

import httpx
import pytest
from litestar.types import ASGIApp

from mingxun.kit.database import fetch, transaction
from mingxun.kit.signing import Keys
from tests.checkins.scene import GARDEN, GATE, HOUR, MINUTE, Phone, add_location, add_shift, poster, rows_of
from tests.conftest import ORIGIN, TestClock
from tests.world import Person, World, give_session

AT_ONCE = 50


@contextlib.asynccontextmanager
async def _phone(app: ASGIApp, person: Person, clock: TestClock) -> AsyncIterator[Phone]:
    async with transaction():
        token = await give_session(person.id, at=clock.now())
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers, cookies={"mingxun": token}) as client:
        yield Phone(client, clock)


@pytest.fixture
async def codes(committed_database: str, world: World, clock: TestClock, keys: Keys) -> list[str]:
    """Of the gate, where the volunteer has a shift, and of the garden."""
    async with transaction():
        gate = await add_location(world.here, "东门", GATE, clock)
        garden = await add_location(world.here, "花园", GARDEN, clock)
        await add_shift(gate, clock.now(), clock.now() + HOUR, [world.here.volunteer], by=world.here.coordinator)
    return [poster(gate, keys), poster(garden, keys)]


async def test_fifty_identical_check_ins_are_one_and_all_get_its_receipt(
    codes: list[str], world: World, app: ASGIApp, clock: TestClock
) -> None:
    async with _phone(app, world.here.volunteer, clock) as phone:
        body = phone.body(codes[0])
        answers = await asyncio.gather(*(phone.client.post("/api/check-ins", json=body) for _ in range(AT_ONCE)))
        assert Counter(answer.status_code for answer in answers) == {200: AT_ONCE}
        assert len({answer.content for answer in answers}) == 1
        going = phone.body(None, attendance=body["id"])
        answers = await asyncio.gather(*(phone.client.post("/api/check-outs", json=going) for _ in range(AT_ONCE)))
        assert Counter(answer.status_code for answer in answers) == {200: AT_ONCE}
        assert len({answer.content for answer in answers}) == 1
    async with transaction():
        assert await rows_of("attendance") == 1
        assert await rows_of("evidence") == 2
        assert [
            row["kind"] for row in await fetch("SELECT kind FROM fact WHERE subject = $1 ORDER BY seq", UUID(body["id"]))
        ] == [
            "checked_in",
            "checked_out",
        ]


async def test_many_phones_of_one_person_at_two_places_leave_one_stay_open(
    codes: list[str], world: World, app: ASGIApp, clock: TestClock
) -> None:
    async with _phone(app, world.here.volunteer, clock) as phone:
        bodies = [phone.body(codes[i % 2], ago=i * MINUTE / 2) for i in range(AT_ONCE)]
        answers = await asyncio.gather(*(phone.client.post("/api/check-ins", json=body) for body in bodies))
        assert Counter(answer.status_code for answer in answers) == {200: AT_ONCE}
    async with transaction():
        stays = await fetch("SELECT arrived_at, left_at FROM attendance ORDER BY arrived_at")
        scans = await fetch("SELECT id FROM evidence WHERE standing = 0")
    assert len(scans) == AT_ONCE
    assert sum(stay["left_at"] is None for stay in stays) == 1
    assert stays[-1]["left_at"] is None
    for one, following in pairwise(stays):
        assert one["left_at"] <= following["arrived_at"]


async def test_the_same_id_from_two_people_at_once_is_one_ones_only(
    codes: list[str], world: World, app: ASGIApp, clock: TestClock
) -> None:
    async with _phone(app, world.here.volunteer, clock) as one, _phone(app, world.here.second_volunteer, clock) as two:
        body = one.body(codes[0])
        answers = await asyncio.gather(*(phone.client.post("/api/check-ins", json=body) for phone in (one, two)))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert refused.json()["type"] == "/problems/id-taken"
    async with transaction():
        assert await rows_of("attendance") == 1


async def test_the_last_place_is_taken_by_one_walk_in_and_the_others_are_checked_in_all_the_same(
    committed_database: str, world: World, app: ASGIApp, clock: TestClock, keys: Keys
) -> None:
    async with transaction():
        gate = await add_location(world.here, "南门", GATE, clock)
        shift = await add_shift(gate, clock.now(), clock.now() + HOUR, maximum=1, by=world.here.coordinator)
    people = [world.here.volunteer, world.here.second_volunteer, world.here.building_leader, world.here.coordinator]
    async with contextlib.AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(_phone(app, person, clock)) for person in people]
        answers = await asyncio.gather(*(phone.check_in(poster(gate, keys), shift=str(shift), sign_up=True) for phone in phones))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert Counter(answer.json()["shift"] for answer in answers) == {str(shift): 1, None: 3}
    assert sum("no_place" in answer.json()["arrived"]["flags"] for answer in answers) == 3
    async with transaction():
        assert [row["taken"] for row in await fetch("SELECT taken FROM need WHERE shift = $1", shift)] == [1]
