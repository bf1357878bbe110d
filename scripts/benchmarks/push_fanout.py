"""`push_fanout`: one cancelled shift to 5,000 phones, from the commit of the fact until the last push has arrived.

The ceiling is a loop that only encrypts, signs and posts the same payload to the same subscriptions, with the same libraries; it signs
once a push service, as we do. Turn about, at one push service in a process of its own that checks headers and signature.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02  # type: ignore[import-untyped]
from pywebpush import WebPusher  # type: ignore[import-untyped]

from mingxun.kit import database
from mingxun.kit.ids import new_id
from mingxun.ledger import record
from mingxun.notifications.push import payload
from mingxun.notifications.schemas import PushMessage
from mingxun.shifts.facts import Duty, ShiftCancelled
from mingxun.shifts.schemas import ShiftKind
from scripts.benchmarks import seeding
from tests.installation import ROOT, Installation
from tests.push_service import b64, point_of
from tests.world import World

PHONES = 5_000
ROUNDS = 5
AT_ONCE = 64
"""Posts of the ceiling on the wire at a time, as many as our session allows a host."""


async def run() -> dict[str, Any]:
    """The scenario's line."""
    with tempfile.TemporaryDirectory(prefix="mx-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - PostgreSQL runs as another user when we are root
        data = Path(folder) / "data"
        data.mkdir()
        installation = Installation(data)
        try:
            installation.start_database()
            world = await installation.prepare()
            with _push_service() as (origin, counter):
                return await installation.in_database(lambda: _run(installation, world, origin, counter))
        finally:
            installation.stop()


async def _run(installation: Installation, world: World, origin: str, counter: str) -> dict[str, Any]:
    async with database.transaction():
        people = await seeding.volunteers(world, PHONES)
        place = await seeding.location(world)
        subscriptions = await _subscribe(people, origin)
    installation.start_worker()
    products, ceilings, ratios = [], [], []
    async with aiohttp.ClientSession() as control:
        for number in range(ROUNDS + 1):
            ours = PHONES / await _ours(world, people, place, control, counter)
            theirs = PHONES / await _theirs(installation, subscriptions, control, counter)
            if number:  # the first is for warming up
                products.append(ours)
                ceilings.append(theirs)
                ratios.append(ours / theirs)
    async with database.transaction():
        rows = await database.fetch("SELECT push, count(*) AS messages FROM message GROUP BY push")
    if {row["push"]: row["messages"] for row in rows} != {"accepted": PHONES * (ROUNDS + 1)}:
        raise RuntimeError(f"not every message was accepted: {rows}\n{installation.log_tail()}")
    return {
        "scenario": "push_fanout",
        "value": round(median(products), 1),
        "unit": "messages/s",
        "ceiling": round(median(ceilings), 1),
        "ratio": round(median(ratios), 3),
        "rounds": len(ratios),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "subscriptions": PHONES,
    }


async def _subscribe(people: Sequence[UUID], origin: str) -> list[dict[str, Any]]:
    """A phone for each person, with keys of its own."""
    made: list[dict[str, Any]] = []
    for person in people:
        private = ec.generate_private_key(ec.SECP256R1())
        keys = {"p256dh": b64(point_of(private)), "auth": b64(os.urandom(16))}
        subscription: dict[str, Any] = {"endpoint": f"{origin}/push/{person}", "keys": keys}
        made.append(subscription)
    await database.execute(
        """INSERT INTO push_subscription (id, person, session, endpoint, p256dh, auth, made_at)
           SELECT gen_random_uuid(), p.person, s.id, p.endpoint, p.p256dh, p.auth, now()
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS p (person, endpoint, p256dh, auth)
           JOIN session s ON s.person = p.person""",
        list(people),
        [one["endpoint"] for one in made],
        [one["keys"]["p256dh"] for one in made],
        [one["keys"]["auth"] for one in made],
    )
    await database.execute("ANALYZE")
    return made


async def _ours(world: World, people: list[UUID], place: UUID, control: aiohttp.ClientSession, counter: str) -> float:
    """Seconds from the commit to the last push."""
    now = datetime.now(UTC)
    begin = now + timedelta(hours=5)
    duty = Duty(
        kind=ShiftKind.TYPHOON_FLOOD,
        location=place,
        starts_at=begin,
        ends_at=begin + timedelta(hours=2),
        made_by=world.here.coordinator.id,
    )
    shift = new_id()
    fact = ShiftCancelled(neighbourhood=world.here.id, subject=shift, duty=duty, persons=people)
    async with database.transaction():
        await database.execute(
            """INSERT INTO shift (id, neighbourhood, kind, title, location, starts_at, ends_at, note, supports_property, state,
                                  cancel_reason, made_by, version)
               VALUES ($1, $2, 'typhoon_flood', '防汛值守', $3, $4, $5, '', false, 'cancelled', '台风红色预警，请待在家里。', $6, 2)""",
            shift,
            world.here.id,
            place,
            begin,
            duty.ends_at,
            duty.made_by,
        )
        await record(fact, actor=world.here.coordinator.id, at=now)
    begun = time.monotonic()
    return await _until_all(control, counter) - begun


async def _theirs(
    installation: Installation, subscriptions: Sequence[dict[str, Any]], control: aiohttp.ClientSession, counter: str
) -> float:
    """Seconds that the bare loop takes."""
    data = payload(
        PushMessage(
            v=1,
            message=new_id(),
            title="取消了：防汛值守",
            body="10月7日（周三）晚上7点半到9点半，东门岗亭，不用来了。原因：台风红色预警，请待在家里。",
            path=f"/shifts/{new_id()}",
            tag=f"/shifts/{new_id()}",
            lang="zh",
        )
    )
    vapid = Vapid02.from_pem(installation.keys.vapid_private_pem)
    origin = subscriptions[0]["endpoint"].split("/push/")[0]
    claims = {"aud": origin, "exp": int(time.time()) + 43200, "sub": "mailto:bench@example.org"}
    headers = vapid.sign(claims) | {"TTL": "86400", "Content-Encoding": "aes128gcm", "Urgency": "high"}
    waiting = iter(subscriptions)

    async def post_them(http: aiohttp.ClientSession) -> None:
        for subscription in waiting:
            body = WebPusher(subscription).encode(data)["body"]
            async with http.post(subscription["endpoint"], data=body, headers=headers) as reply:
                if reply.status != 201:
                    raise RuntimeError(f"the ceiling was refused: {reply.status}")

    begun = time.monotonic()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http:
        await asyncio.gather(*(post_them(http) for _ in range(AT_ONCE)))
    return await _until_all(control, counter) - begun


async def _until_all(control: aiohttp.ClientSession, counter: str) -> float:
    """When the last push came, once every phone has had one; then forget them. Raises TimeoutError after two minutes."""
    async with asyncio.timeout(120):
        while True:
            async with control.get(f"{counter}/arrived") as reply:
                found = await reply.json()
            if found["complaints"]:
                raise RuntimeError(str(found["complaints"]))
            if found["subscriptions"] == PHONES:
                async with control.post(f"{counter}/forget"):
                    await asyncio.sleep(2)  # let our worker write the rest down, so that it does not run into the other's time
                    return float(found["last"])
            await asyncio.sleep(0.1)


@contextmanager
def _push_service() -> Iterator[tuple[str, str]]:
    """Its origin, and where it is asked what arrived."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'server'}{os.pathsep}{ROOT}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.push_service"], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101
        origin, counter = process.stdout.readline().split()
        yield origin, counter
    finally:
        process.terminate()
        process.communicate()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run())))
