"""`checkin`, `list_shifts`, `sign_up`: requests a second, against the replayed statements on a database of its own, turn about."""

import asyncio
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec

from mingxun.app import create_litestar, framed
from mingxun.checkins.check_in import device_hash
from mingxun.kit import database
from mingxun.kit.clock import SystemClock
from mingxun.kit.ids import new_id
from mingxun.kit.settings import load
from mingxun.places.codes import code_url, mint_poster
from scripts.benchmarks import seeding
from scripts.benchmarks.load import drive, request_bytes
from scripts.benchmarks.measuring import free_folder
from scripts.benchmarks.replay import Recording, recorded
from tests.installation import ROOT, Installation, free_port
from tests.world import World

ROUNDS = 7
"""Of each side, turn about; the first is for warming up and does not count."""


@dataclass
class Bench:
    """A seeded installation, and requests that are each made once."""

    installation: Installation
    world: World
    people: list[UUID]
    place: UUID
    shifts: list[seeding.Seeded]
    used: int = field(default=0)

    def next_person(self) -> int:
        self.used += 1
        return self.used - 1


@dataclass(frozen=True)
class Sample:
    """One request to the product, and what of it the ceiling must find in the statements."""

    method: str
    path: str
    body: bytes
    cookie: str
    inputs: dict[str, Any]

    def to_product(self, url: str) -> bytes:
        headers = [("Cookie", f"mingxun={self.cookie}"), ("Origin", url)]
        return request_bytes(self.method, self.path, host=url.removeprefix("http://"), body=self.body, headers=headers)

    def to_ceiling(self, port: int) -> bytes:
        values = {name: value.hex() if isinstance(value, bytes) else str(value) for name, value in self.inputs.items()}
        return request_bytes("POST", "/", host=f"localhost:{port}", body=msgspec.json.encode(values))


def check_in(bench: Bench) -> Sample:
    number = bench.next_person()
    now = datetime.now(UTC).isoformat()
    identity, device = new_id(), f"device-{number:08d}"
    code = code_url(bench.installation.url, mint_poster(bench.place, 1, bench.installation.keys))
    position = {"latitude": 31.1401, "longitude": 121.5101, "accuracy": 12.0}
    body = {"id": str(identity), "code": code, "at": now, "sent_at": now, "position": position, "device": device}
    inputs = {
        "person": bench.people[number],
        "token_hash": seeding.token_hash(number),
        "id": identity,
        "device": device_hash(bench.installation.keys, device),  # the same for all would be one phone for many people, and slow
    }
    return Sample("POST", "/api/check-ins", msgspec.json.encode(body), seeding.token(number), inputs)


def sign_up(bench: Bench) -> Sample:
    number = bench.next_person()
    shift = bench.shifts[number % 40]
    inputs = {"person": bench.people[number], "token_hash": seeding.token_hash(number), **asdict(shift)}
    return Sample("POST", f"/api/shifts/{shift.shift}/sign-up", b"", seeding.token(number), inputs)


def list_shifts(bench: Bench) -> Sample:
    number = bench.next_person() % 500
    inputs = {"person": bench.people[number], "token_hash": seeding.token_hash(number)}
    return Sample("GET", f"/api/neighbourhoods/{bench.world.here.id}/shifts?limit=50", b"", seeding.token(number), inputs)


@dataclass(frozen=True)
class Scenario:
    make: Callable[[Bench], Sample]
    people: int
    shifts: int
    places: int
    """Of each shift."""
    requests: int
    """Of a round."""


SCENARIOS = {
    "checkin": Scenario(check_in, people=12_000, shifts=40, places=10, requests=700),
    "list_shifts": Scenario(list_shifts, people=1_000, shifts=10_000, places=10, requests=500),
    "sign_up": Scenario(sign_up, people=12_000, shifts=40, places=500, requests=700),
}


async def run(name: str) -> dict[str, Any]:
    """One scenario; its line."""
    scenario = SCENARIOS[name]
    with free_folder() as folder:
        installation = Installation(folder)
        try:
            return await _run(name, scenario, installation)
        finally:
            installation.stop()


async def _run(name: str, scenario: Scenario, installation: Installation) -> dict[str, Any]:
    installation.start_database()
    world = await installation.prepare()

    async def seed() -> Bench:
        async with database.transaction():
            people = await seeding.volunteers(world, scenario.people)
            place = await seeding.location(world)
            shifts = await seeding.shifts(world, place, scenario.shifts, maximum=scenario.places)
            return Bench(installation, world, people, place, shifts)

    bench = await installation.in_database(seed)
    twin = await _twin(installation.postgres.dsn)
    os.environ["BENCH_RECORDED_AT"] = str(time.time())
    recording = await installation.in_database(lambda: _record(installation, scenario.make(bench)))
    installation.start_server()
    await installation.wait_until_ready()
    with _ceiling(twin, recording, installation.folder) as port:
        await _until_open(port)
        products, ceilings, ratios = [], [], []
        for number in range(ROUNDS + 1):
            samples = [scenario.make(bench) for _ in range(scenario.requests)]
            ours = await drive(installation.port, [s.to_product(installation.url) for s in samples])
            theirs = await drive(port, [s.to_ceiling(port) for s in samples])
            if set(ours.statuses) - {200, 201} or set(theirs.statuses) - {200, 201}:
                raise RuntimeError(f"{name}: {ours.statuses} / ceiling {theirs.statuses}\n{installation.log_tail()}")
            if number:
                products.append(ours.per_second)
                ceilings.append(theirs.per_second)
                ratios.append(ours.per_second / theirs.per_second)
    return {
        "scenario": name,
        "value": round(median(products), 1),
        "unit": "requests/s",
        "ceiling": round(median(ceilings), 1),
        "ratio": round(median(ratios), 3),
        "rounds": len(ratios),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "statements": len(recording.statements),
    }


async def _twin(dsn: str) -> str:
    """A copy of the database, for the ceiling."""
    admin = await asyncpg.connect(dsn.replace("/mingxun?", "/postgres?"))
    try:
        await admin.execute("CREATE DATABASE twin TEMPLATE mingxun")
    finally:
        await admin.close()
    return dsn.replace("/mingxun?", "/twin?")


async def _record(installation: Installation, sample: Sample) -> Recording:
    """Run one request in this process, twice: statements that are prepared the first time are the same the second."""
    settings = load(installation.folder, environ={}, public_url=installation.url, log_level="error")
    app = framed(create_litestar(settings, installation.keys, clock=SystemClock(), manage_database=False), settings)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    headers = {"Cookie": f"mingxun={sample.cookie}", "Origin": installation.url, "Content-Type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url=installation.url, headers=headers) as client:
        with recorded() as statements:
            reply = await client.request(sample.method, sample.path, content=sample.body)
    if reply.status_code not in {200, 201}:
        raise RuntimeError(f"the sample was refused: {reply.status_code} {reply.text}")
    # What a pool says when it takes a connection back, the ceiling's own pool says, too.
    statements = [one for one in statements if not one.sql.startswith("SELECT pg_advisory_unlock_all()")]
    return Recording(statements, sample.inputs, reply.content)


@contextmanager
def _ceiling(dsn: str, recording: Recording, folder: Path) -> Iterator[int]:
    port = free_port()
    file = folder / "recording.pickle"
    file.write_bytes(pickle.dumps(recording))
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'server'}{os.pathsep}{ROOT}",
        "BENCH_RECORDING": str(file),
        "BENCH_DSN": dsn,
    }
    command: Sequence[str] = [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--loop", "uvloop", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--no-ws"),
        "scripts.benchmarks.replay:create_ceiling",
    ]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(15)


async def _until_open(port: int) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(200):
            try:
                await client.get(f"http://127.0.0.1:{port}/nothing")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise RuntimeError("the ceiling's server does not start")
