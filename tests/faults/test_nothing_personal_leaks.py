"""Promise 20: names, numbers and coordinates that were planted are found where they belong, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from mingxun.kit import database
from mingxun.kit.ids import new_id
from mingxun.places.codes import code_url, mint_poster
from tests.installation import Installation
from tests.world import PASSWORD, World, give_session

NAME, NUMBER, REMARK = "欧阳金丝雀", "13612345678", "高血压金丝雀"
WRITTEN = "13912340000 王金丝雀家"
"""In every text that somebody can type."""
LATITUDE, LONGITUDE = 31.1472583, 121.5093761
"""Where the phone was: in no table, log or message."""


@pytest.fixture
async def running() -> AsyncIterator[tuple[Installation, World]]:
    installation = Installation(durable=False, environment={"MINGXUN_LOG_LEVEL": "debug"})
    installation.start_database()
    try:
        world = await installation.prepare()
        installation.start_server()
        installation.start_worker()
        await installation.wait_until_ready()
        yield installation, world
    finally:
        installation.stop()


async def _token(world: World, person: UUID) -> str:
    async with database.transaction():
        return await give_session(person, at=datetime.now(UTC))


async def _live(installation: Installation, world: World, coordinator: str, volunteer: str, handler: str) -> None:
    """A little of everything, refusals and mistakes included."""
    area, origin = f"/api/neighbourhoods/{world.here.id}", {"Origin": installation.url}
    now = datetime.now(UTC)
    async with httpx.AsyncClient(base_url=installation.url, headers=origin, timeout=30) as client:
        for password in (PASSWORD, "wrong"):
            await client.post("/api/session", json={"phone": world.here.volunteer.phone, "password": password})
        client.cookies.clear()
        client.headers["Cookie"] = f"mingxun={coordinator}"
        roster = f"姓名,联系电话,备注\n{NAME},{NUMBER},{REMARK}\n".encode()
        kind = {"Content-Type": "text/csv", "X-File-Name": quote(f"{NAME}.csv")}
        preview = await client.post(f"{area}/roster-imports", content=roster, headers=kind)
        assert preview.json()["counts"]["new"] == 1, preview.text
        assert (await client.post(f"/api/roster-imports/{preview.json()['id']}/confirmation")).status_code == 200
        found = await client.post(f"{area}/people/search", json={"query": NAME})
        person = found.json()["items"][0]["id"]
        assert (await client.get(f"/api/people/{person}")).json()["remark"] == REMARK
        await client.post(f"{area}/invitations", json={"person": person, "role": "volunteer", "area": str(world.here.id)})
        place = {"latitude": 31.147, "longitude": 121.509}
        location = (
            await client.post(f"{area}/locations", json={"area": str(world.here.id), "name": "东门", "position": place})
        ).json()["id"]
        await client.post(f"{area}/shifts", json={"title": NAME})  # a mistake: must not be repeated anywhere
        client.headers["Cookie"] = f"mingxun={volunteer}"
        position = {"latitude": LATITUDE, "longitude": LONGITUDE, "accuracy": 10.0}
        times = {"at": now.isoformat(), "sent_at": now.isoformat(), "device": "device-canary"}
        code = code_url(installation.url, mint_poster(UUID(location), 1, installation.keys))
        body = {"id": str(new_id()), "code": code, "position": position, **times}
        assert (await client.post("/api/check-ins", json=body)).status_code == 200
        await client.post("/api/check-ins", json={**body, "position": {**position, "latitude": "north"}})
        body = {"id": str(new_id()), "position": position, **times, "at": (now + timedelta(minutes=1)).isoformat()}
        await client.post("/api/check-outs", json=body)
        await _write(client, world, coordinator, volunteer, handler, location, now)
    await installation.in_database(_until_told)


async def _write(
    client: httpx.AsyncClient, world: World, coordinator: str, volunteer: str, handler: str, location: str, now: datetime
) -> None:
    """Type the canary wherever something can be typed. Everything must be taken, or nothing would be shown by it."""

    async def do(token: str, method: str, path: str, **body: Any) -> Any:
        client.headers["Cookie"] = f"mingxun={token}"
        reply = await client.request(method, path, json=body or None)
        assert reply.status_code < 300, (path, reply.text)
        return reply.json()

    def said(what: str) -> str:
        return f"{WRITTEN}{what}"

    area, here = f"/api/neighbourhoods/{world.here.id}", world.here
    begins = now - timedelta(minutes=30)
    shift = {"kind": "patrol", "title": said("巡逻"), "note": said("备注"), "location": location, "needs": [NEED]}
    times = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=2)).isoformat()}
    planned = f"/api/shifts/{(await do(coordinator, 'POST', f'{area}/shifts', **shift, **times))['id']}"
    await do(coordinator, "POST", f"{planned}/assignments", person=str(here.second_volunteer.id))
    await do(coordinator, "PATCH", planned, title=said("巡夜"), note=said("带伞"))
    word = {"id": str(new_id()), "person": str(here.second_volunteer.id), "at": now.isoformat(), "reason": said("没带手机")}
    await do(coordinator, "POST", f"{planned}/vouched-check-ins", **word)
    await do(coordinator, "POST", f"{planned}/cancellation", reason=said("下雨"))

    opened = {"id": str(new_id()), "category": "waste", "what": said("漏水"), "seen_at": now.isoformat(), "location": location}
    texts = {"details": said("很久了"), "whereabouts": said("楼上")}
    ticket = f"/api/tickets/{(await do(volunteer, 'POST', f'{area}/tickets', **opened, **texts))['id']}"
    await do(handler, "POST", f"{ticket}/decline", reason=said("不归我们"))
    await do(coordinator, "POST", f"{ticket}/hand-over", party=str(here.property.id), note=said("请再看"))
    await do(handler, "POST", f"{ticket}/claim")
    await do(handler, "POST", f"{ticket}/resolution", note=said("修好了"), photos=[str(new_id())])
    await do(volunteer, "POST", f"{ticket}/reopening", reason=said("还在漏"))
    await do(handler, "POST", f"{ticket}/claim")
    await do(handler, "POST", f"{ticket}/resolution", note=said("又修了"), photos=[str(new_id())])
    await do(volunteer, "POST", f"{ticket}/verification", note=said("好了"))


NEED = {"minimum": 1, "desired": 1, "maximum": 3}


async def test_logs_hold_no_personal_data_and_coordinates_are_nowhere(running: tuple[Installation, World]) -> None:
    installation, world = running
    coordinator = await installation.in_database(lambda: _token(world, world.here.coordinator.id))
    volunteer = await installation.in_database(lambda: _token(world, world.here.volunteer.id))
    handler = await installation.in_database(lambda: _token(world, world.here.handler.id))
    await _live(installation, world, coordinator, volunteer, handler)
    everything = await installation.in_database(_everything)
    logs = "\n".join(path.read_text(errors="replace") for path in installation.folder.rglob("*.log"))
    assert "request" in logs, "the logs are on"
    personal = (
        NAME,
        NUMBER,
        REMARK,
        *WRITTEN.split(),
        world.here.volunteer.phone.removeprefix("+86"),
        world.here.volunteer.name,
        PASSWORD,
    )
    for canary in (*personal, coordinator, volunteer, "31.14725", "121.50937"):
        assert canary not in logs, f"{canary} is in a log"
    for canary in ("31.14725", "121.50937", coordinator, volunteer, PASSWORD):
        assert canary not in everything, f"{canary} is in the database"
    assert NAME in everything


async def test_the_ledger_names_nobody(running: tuple[Installation, World]) -> None:
    installation, world = running
    coordinator = await installation.in_database(lambda: _token(world, world.here.coordinator.id))
    volunteer = await installation.in_database(lambda: _token(world, world.here.volunteer.id))
    handler = await installation.in_database(lambda: _token(world, world.here.handler.id))
    await _live(installation, world, coordinator, volunteer, handler)
    facts = await installation.in_database(_facts)
    for kind in ("checked_in", "vouched", "shift_changed", "shift_cancelled", "ticket_declined", "ticket_reopened"):
        assert kind in facts
    messages = await installation.in_database(_messages)
    assert WRITTEN in messages, "who is told, is told in the words that were written"
    for canary in (NAME, NUMBER, REMARK, *WRITTEN.split(), world.here.volunteer.name, world.here.volunteer.phone):
        assert canary not in facts


async def _everything() -> str:
    """Every row of every table as text."""
    async with database.transaction():
        tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return "\n".join(
            [
                await database.fetch_value(f"SELECT coalesce(string_agg(r::text, chr(10)), '') FROM \"{row[0]}\" r")
                for row in tables
            ]
        )


async def _until_told() -> None:
    """Wait until the worker has made its messages of all of it."""
    async with asyncio.timeout(20):
        while True:
            async with database.transaction():
                if not await database.fetch_value("SELECT count(*) FROM pgqueuer WHERE entrypoint IN ('announce', 'push')"):
                    return
            await asyncio.sleep(0.1)


async def _messages() -> str:
    async with database.transaction():
        text: str = await database.fetch_value("SELECT string_agg(title || body, chr(10)) FROM message")
        return text


async def _facts() -> str:
    async with database.transaction():
        text: str = await database.fetch_value("SELECT string_agg(kind || data::text, chr(10)) FROM fact")
        return text
