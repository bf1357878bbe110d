"""Promises 2, 3, 4 and 15: servers, worker and PostgreSQL are killed (−9) at random while phones check in, out and in again.

Short by default; `MINGXUN_LONG_FAULTS=1` takes 5,000 check-ins and check-outs.
"""

import asyncio
import itertools
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

import httpx
import psutil
import pytest

from mingxun.kit import database
from mingxun.kit.ids import new_id
from mingxun.people.access import Role
from mingxun.places.codes import code_url, mint_poster
from tests.installation import Installation
from tests.world import World, add_membership, add_person, give_session

pytestmark = pytest.mark.alone

LONG = os.environ.get("MINGXUN_LONG_FAULTS") == "1"
PEOPLE = 250 if LONG else 60
ROUNDS = 10 if LONG else 4
"""Each is one check-in and one check-out."""
AT_ONCE = 40


@pytest.fixture
async def running() -> AsyncIterator[tuple[Installation, World]]:
    installation = Installation(durable=True, environment={"MINGXUN_PROCESSES": "1"})
    installation.start_database()
    try:
        world = await installation.prepare()
        for name in ("server 0", "server 1"):
            installation.start_server(name, port=_port(installation, name))
            await installation.wait_until_ready(port=_port(installation, name))
        installation.start_worker("worker 0")
        installation.start_worker("worker 1")
        yield installation, world
    finally:
        installation.stop()


def _port(installation: Installation, name: str) -> int:
    return installation.port + int(name[-1])


async def _people(world: World) -> list[tuple[UUID, str]]:
    now, made = datetime.now(UTC), []
    async with database.transaction():
        for number in range(PEOPLE):
            person = await add_person(f"志愿者{number}", f"+86198{number:08d}", neighbourhood=world.here.id)
            await add_membership(person, Role.VOLUNTEER, world.here.area)
            made.append((person.id, await give_session(person.id, at=now)))
    return made


async def _coordinator(world: World) -> str:
    async with database.transaction():
        return await give_session(world.here.coordinator.id, at=datetime.now(UTC))


class Chaos:
    """Kills one part after another, and starts it again as a supervisor would."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.killed: Counter[str] = Counter()
        self.back_after: list[float] = []
        self._stop = asyncio.Event()

    async def run(self) -> None:
        order = itertools.chain.from_iterable(
            random.sample(("server 0", "server 1", "worker 0", "worker 1", "postgres"), 5) for _ in itertools.count()
        )
        for part in order:
            try:
                await asyncio.wait_for(self._stop.wait(), random.uniform(0.3, 1.5))
                return
            except TimeoutError:
                pass
            self.killed[part.split(" ")[0]] += 1
            if part == "postgres":
                await self._kill_postgres()
            else:
                self._installation.kill(part)
                if part.startswith("server"):
                    self._installation.start_server(part, port=_port(self._installation, part))
                else:
                    self._installation.start_worker(part)

    async def _kill_postgres(self) -> None:
        postmaster = _postmaster(self._installation)
        os.kill(postmaster, signal.SIGKILL)
        await asyncio.to_thread(self._installation.postgres.start)
        started = time.monotonic()
        # One of the two may have been killed a moment before; how long a process takes to start is not what is measured.
        ready = [asyncio.ensure_future(self._installation.wait_until_ready(port=self._installation.port + n)) for n in (0, 1)]
        await asyncio.wait(ready, return_when=asyncio.FIRST_COMPLETED)
        self.back_after.append(time.monotonic() - started)
        await asyncio.gather(*ready)

    def stop(self) -> None:
        self._stop.set()


def _postmaster(installation: Installation) -> int:
    for process in psutil.process_iter(["cmdline", "ppid"]):
        words = process.info["cmdline"] or []
        if words and words[0].endswith("/postgres") and any(str(installation.folder) in word for word in words):
            return int(process.pid)
    raise AssertionError("no postmaster")


async def _insist(
    installation: Installation, token: str, path: str, body: Mapping[str, object], tally: Counter[str]
) -> dict[str, object]:
    """Send until the server acknowledges, as the phone's outbox does."""
    for attempt in itertools.count():
        if attempt > 600:
            raise AssertionError(f"never acknowledged: {path}")
        port = installation.port + random.randrange(2)
        sent = {**body, "sent_at": datetime.now(UTC).isoformat()}
        try:
            async with httpx.AsyncClient(timeout=10) as client:
                reply = await client.post(
                    f"http://localhost:{port}/api/{path}",
                    json=sent,
                    headers={"Cookie": f"mingxun={token}", "Origin": installation.url},
                )
        except httpx.TransportError:
            tally["no answer"] += 1
        else:
            tally[str(reply.status_code)] += 1
            if reply.status_code == 200:
                answer: dict[str, object] = reply.json()
                return answer
            assert reply.status_code >= 500 or reply.status_code == 429, reply.text
            assert reply.status_code == 503, f"a fault is answered with 503, not {reply.text}"
        await asyncio.sleep(random.uniform(0.05, 0.4))
    raise AssertionError("unreachable")


async def test_every_acknowledged_check_in_is_there_once_and_every_fact_has_its_message(
    running: tuple[Installation, World], capsys: pytest.CaptureFixture[str]
) -> None:
    installation, world = running
    people = await installation.in_database(lambda: _people(world))
    coordinator = await installation.in_database(lambda: _coordinator(world))
    async with httpx.AsyncClient(base_url=installation.url, headers={"Origin": installation.url}) as client:
        reply = await client.post(
            f"/api/neighbourhoods/{world.here.id}/locations",
            json={"area": str(world.here.id), "name": "东门岗亭"},
            headers={"Cookie": f"mingxun={coordinator}"},
        )
        assert reply.status_code == 201, reply.text
        location = UUID(reply.json()["id"])
    code = code_url(installation.url, mint_poster(location, 1, installation.keys))
    tally: Counter[str] = Counter()
    acknowledged: list[tuple[str, UUID]] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def live(person: UUID, token: str) -> None:
        for _ in range(ROUNDS):
            stay, leaving = new_id(), new_id()
            common = {"code": code, "device": f"device-{person}"}
            async with gate:
                at = datetime.now(UTC).isoformat()
                receipt = await _insist(installation, token, "check-ins", {**common, "id": str(stay), "at": at}, tally)
                assert receipt["id"] == str(stay)
                acknowledged.append(("in", stay))
                at = datetime.now(UTC).isoformat()
                body = {**common, "id": str(leaving), "attendance": str(stay), "at": at}
                receipt = await _insist(installation, token, "check-outs", body, tally)
                assert receipt["left"] is not None
                acknowledged.append(("out", stay))

    chaos = Chaos(installation)
    killing = asyncio.create_task(chaos.run())
    try:
        await asyncio.gather(*(live(person, token) for person, token in people))
    finally:
        chaos.stop()
        await killing
    for name in ("server 0", "server 1"):
        await installation.wait_until_ready(port=_port(installation, name))
    drained = await installation.in_database(lambda: _drained(60))
    found = await installation.in_database(_found)
    with capsys.disabled():
        print(
            f"\n{len(acknowledged)} acknowledged; killed {dict(chaos.killed)}; answers {dict(tally)}; {found}; drained in {drained:.1f} s"
        )
        print(f"back after the database: {[round(s, 2) for s in chaos.back_after]} s")
    expected = PEOPLE * ROUNDS
    assert len(set(acknowledged)) == 2 * expected
    assert found == {
        "stays": expected, "ended": expected, "arrivals": expected, "leavings": expected,
        "facts in": expected, "facts out": expected, "facts without message": 0, "messages twice": 0,
    }  # fmt: skip
    assert all(count > 0 for count in chaos.killed.values())
    assert set(chaos.killed) == {"server", "worker", "postgres"}
    assert max(chaos.back_after) <= 5


async def _found() -> dict[str, int]:
    async with database.transaction():
        row = await database.fetch_row(
            """SELECT (SELECT count(*) FROM attendance) AS stays,
                      (SELECT count(*) FROM attendance WHERE left_at IS NOT NULL) AS ended,
                      (SELECT count(*) FROM evidence WHERE direction = 'in') AS arrivals,
                      (SELECT count(*) FROM evidence WHERE direction = 'out') AS leavings,
                      (SELECT count(*) FROM fact WHERE kind = 'checked_in') AS "facts in",
                      (SELECT count(*) FROM fact WHERE kind = 'checked_out') AS "facts out",
                      (SELECT count(*) FROM fact f WHERE kind IN ('checked_in', 'checked_out')
                          AND NOT EXISTS (SELECT FROM message m WHERE m.fact = f.id)) AS "facts without message",
                      (SELECT count(*) FROM (SELECT FROM message GROUP BY fact, person, kind HAVING count(*) > 1)) AS "messages twice" """
        )
    assert row is not None
    return dict(row)


async def _drained(seconds: float) -> float:
    """Wait until every job is done; how long that took. Whoever was killed in a job left it behind: another takes it within a minute."""
    started = time.monotonic()
    while True:
        async with database.transaction():
            waiting = await database.fetch_value(
                "SELECT count(*) FROM fact f WHERE kind IN ('checked_in', 'checked_out') AND NOT EXISTS (SELECT FROM message m WHERE m.fact = f.id)"
            )
        if not waiting:
            return time.monotonic() - started
        assert time.monotonic() - started < seconds, f"{waiting} facts without a message after {seconds} s"
        await asyncio.sleep(0.25)
