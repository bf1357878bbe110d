"""Promise 8: the last places, wanted by many at once, over HTTP, on two server processes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from mingxun.kit import database
from mingxun.people.access import Role
from tests.installation import Installation
from tests.world import World, add_membership, add_person, give_session

PEOPLE, PLACES = 200, 10


@pytest.fixture
async def two_servers() -> AsyncIterator[tuple[Installation, World]]:
    installation = Installation(durable=False, environment={"MINGXUN_PROCESSES": "2"})
    installation.start_database()
    try:
        world = await installation.prepare()
        installation.start_server()
        await installation.wait_until_ready()
        yield installation, world
    finally:
        installation.stop()


async def _crowd(world: World, count: int) -> list[str]:
    tokens = []
    now = datetime.now(UTC)
    async with database.transaction():
        for number in range(count):
            person = await add_person(f"志愿者{number}", f"+86198{number:08d}", neighbourhood=world.here.id)
            await add_membership(person, Role.VOLUNTEER, world.here.area)
            tokens.append(await give_session(person.id, at=now))
    return tokens


async def test_exactly_the_places_there_are_and_a_clear_refusal_for_everyone_else(
    two_servers: tuple[Installation, World],
) -> None:
    installation, world = two_servers
    tokens = await installation.in_database(lambda: _crowd(world, PEOPLE))
    coordinator = await installation.in_database(lambda: _session(world))
    origin = {"Origin": installation.url}
    limits = httpx.Limits(max_connections=PEOPLE)
    async with httpx.AsyncClient(base_url=installation.url, headers=origin, timeout=60, limits=limits) as client:
        shift = await _shift_as(client, coordinator, world, PLACES)

        async def sign_up(token: str) -> httpx.Response:
            return await client.post(f"/api/shifts/{shift}/sign-up", headers={"Cookie": f"mingxun={token}"})

        replies = await asyncio.gather(*(sign_up(token) for token in tokens))
        outcomes = Counter(reply.status_code for reply in replies)
        assert outcomes == {200: PLACES, 409: PEOPLE - PLACES}, outcomes
        for reply in replies:
            if reply.status_code == 409:
                assert reply.json()["type"] == "/problems/sign-up-refused"
                assert "full" in reply.json()["reasons"]
        seen = await client.get(f"/api/shifts/{shift}", headers={"Cookie": f"mingxun={coordinator}"})
        assert len(seen.json()["assignees"]) == seen.json()["taken"] == PLACES

        # the same person, fifty times at once
        other = await _shift_as(client, coordinator, world, PLACES, start_in=timedelta(days=3))
        same = await asyncio.gather(
            *(client.post(f"/api/shifts/{other}/sign-up", headers={"Cookie": f"mingxun={tokens[0]}"}) for _ in range(50))
        )
        assert {reply.status_code for reply in same} == {200}
        seen = await client.get(f"/api/shifts/{other}", headers={"Cookie": f"mingxun={coordinator}"})
        assert seen.json()["taken"] == len(seen.json()["assignees"]) == 1


async def _session(world: World) -> str:
    async with database.transaction():
        return await give_session(world.here.coordinator.id, at=datetime.now(UTC))


async def _shift_as(
    client: httpx.AsyncClient, token: str, world: World, places: int, *, start_in: timedelta = timedelta(days=1)
) -> str:
    cookie = {"Cookie": f"mingxun={token}"}
    area = f"/api/neighbourhoods/{world.here.id}"
    location = await client.post(
        f"{area}/locations", json={"area": str(world.here.id), "name": f"岗亭{start_in.days}"}, headers=cookie
    )
    assert location.status_code == 201, location.text
    starts = datetime.now(UTC) + start_in
    shift = await client.post(
        f"{area}/shifts",
        headers=cookie,
        json={
            "kind": "patrol",
            "title": "小区巡逻",
            "location": location.json()["id"],
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=2)).isoformat(),
            "needs": [{"role": "anyone", "minimum": 1, "desired": places, "maximum": places}],
        },
    )
    assert shift.status_code == 201, shift.text
    return str(shift.json()["id"])
