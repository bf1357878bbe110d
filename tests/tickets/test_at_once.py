"""Several people at the same moment, with real commits."""

import asyncio
from uuid import uuid4

import httpx

from mingxun.kit import database
from mingxun.kit.database import fetch, fetch_value
from mingxun.kit.ids import new_id
from mingxun.people.access import Role
from tests.tickets.conftest import ClientOf
from tests.world import World, add_membership, add_person

REPORT = {"category": "waste", "what": "垃圾满出来", "seen_at": "2026-09-16T09:48:00+08:00"}


async def handlers(client_of: ClientOf, world: World, count: int) -> list[httpx.AsyncClient]:
    """So many handlers of the property company, each signed in."""
    found = []
    for index in range(count):
        person = await add_person(f"师傅{index}", f"+86199777{index:05d}", neighbourhood=world.here.id)
        await add_membership(person, Role.HANDLER, world.here.area, world.here.property)
        found.append(await client_of(person))
    return found


async def test_of_twenty_who_claim_at_once_exactly_one_does(committed_database: str, client_of: ClientOf, world: World) -> None:
    async with database.transaction():
        volunteer = await client_of(world.here.volunteer)
        claiming = await handlers(client_of, world, 20)
    ticket = str(uuid4())
    await volunteer.post(f"/api/neighbourhoods/{world.here.id}/tickets", json=REPORT | {"id": ticket})
    replies = await asyncio.gather(*(client.post(f"/api/tickets/{ticket}/claim") for client in claiming))
    assert sorted(reply.status_code for reply in replies) == [200] + [409] * 19
    lost = [reply.json() for reply in replies if reply.status_code == 409]
    assert {(told["type"], told["party_name"]) for told in lost} == {("/problems/already-claimed", world.here.property.name)}
    async with database.transaction():
        assert await fetch_value("SELECT count(*) FROM ticket_event WHERE ticket = $1::uuid AND kind = 'claimed'", ticket) == 1
        assert await fetch_value("SELECT count(*) FROM fact WHERE subject = $1::uuid AND kind = 'ticket_claimed'", ticket) == 1


async def test_fifty_identical_reports_at_once_are_one_ticket(committed_database: str, client_of: ClientOf, world: World) -> None:
    async with database.transaction():
        client = await client_of(world.here.volunteer)
    body, path = REPORT | {"id": str(new_id()), "photos": [str(uuid4())]}, f"/api/neighbourhoods/{world.here.id}/tickets"
    for headers in ({"Idempotency-Key": "same"}, None):
        replies = await asyncio.gather(*(client.post(path, json=body, headers=headers) for _ in range(50)))
        assert {reply.status_code for reply in replies} == {201}
        assert len({reply.content for reply in replies}) == 1
    async with database.transaction():
        assert await fetch_value("SELECT count(*) FROM ticket WHERE id = $1::uuid", body["id"]) == 1
        assert await fetch_value("SELECT count(*) FROM fact WHERE subject = $1::uuid", body["id"]) == 1


async def test_forty_reports_at_once_have_forty_numbers_without_a_gap(
    committed_database: str, client_of: ClientOf, world: World
) -> None:
    async with database.transaction():
        client = await client_of(world.here.volunteer)
    path = f"/api/neighbourhoods/{world.here.id}/tickets"
    replies = await asyncio.gather(*(client.post(path, json=REPORT | {"id": str(new_id())}) for _ in range(40)))
    assert sorted(reply.json()["number"][5:] for reply in replies) == [f"{count:02d}" for count in range(1, 41)]


async def test_claiming_and_handing_over_at_once_leave_one_whole_story(
    committed_database: str, client_of: ClientOf, world: World
) -> None:
    here = world.here
    async with database.transaction():
        volunteer, handler, coordinator = [await client_of(p) for p in (here.volunteer, here.handler, here.coordinator)]
    for _ in range(8):
        ticket = str(new_id())
        await volunteer.post(f"/api/neighbourhoods/{here.id}/tickets", json=REPORT | {"id": ticket})
        body = {"party": str(here.owners.id), "note": "给业委会"}
        claim, hand_over = await asyncio.gather(
            handler.post(f"/api/tickets/{ticket}/claim"), coordinator.post(f"/api/tickets/{ticket}/hand-over", json=body)
        )
        assert hand_over.status_code == 200
        assert claim.status_code in {200, 403}
        async with database.transaction():
            steps = [
                row["kind"]
                for row in await fetch("SELECT kind FROM ticket_event WHERE ticket = $1::uuid ORDER BY version", ticket)
            ]
            row = (await fetch("SELECT state, party, version FROM ticket WHERE id = $1::uuid", ticket))[0]
        assert steps == (["opened", "claimed", "handed_over"] if claim.status_code == 200 else ["opened", "handed_over"])
        assert (row["state"], row["party"], row["version"]) == ("open", here.owners.id, len(steps))
