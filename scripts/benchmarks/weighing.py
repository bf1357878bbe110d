"""`roster_import`: 5,000 rows previewed and confirmed over HTTP in an empty neighbourhood, in seconds and MB. `memory`: at rest, under load."""

import asyncio
import io
from collections.abc import Awaitable
from datetime import UTC, datetime
from statistics import median
from typing import Any, TypeVar
from uuid import UUID

import httpx
import xlsxwriter  # type: ignore[import-untyped]

from mingxun.areas import AreaKind
from mingxun.areas.service import create_areas
from mingxun.kit import database
from scripts.benchmarks import seeding
from scripts.benchmarks.load import drive
from scripts.benchmarks.measuring import free_folder, memory_mb
from scripts.benchmarks.requests import Bench, check_in
from tests.installation import Installation
from tests.world import World, give_session

ROWS = 5_000
ROUNDS = 5
SECONDS, MEGABYTES = 5.0, 200.0
"""What an import may take at the most."""
Result = TypeVar("Result")


async def roster_import() -> dict[str, Any]:
    """The scenario's line: `ceiling` is the limit in seconds, `ratio` how much of it was used."""
    with free_folder() as folder:
        installation = Installation(folder)
        try:
            installation.start_database()
            world = await installation.prepare()
            token, places = await installation.in_database(lambda: _neighbourhoods(world))
            server = installation.start("server", "serve")
            await installation.wait_until_ready()
            times, peaks = [], []
            for number, place in enumerate(places):
                taken, peak = await _import(installation, place, token, _roster(number), server.pid)
                if number:
                    times.append(taken)
                    peaks.append(peak)
            return {
                "scenario": "roster_import",
                "value": round(median(times), 2),
                "unit": "s",
                "ceiling": SECONDS,
                "ratio": round(median(times) / SECONDS, 3),
                "rounds": len(times),
                "rows": ROWS,
                "peak_mb": round(max(peaks), 1),
                "peak_mb_ceiling": MEGABYTES,
            }
        finally:
            installation.stop()


async def _neighbourhoods(world: World) -> tuple[str, list[UUID]]:
    """The session of the administrator, and an empty neighbourhood for each round and one for warming up."""
    now = datetime.now(UTC)
    async with database.transaction():
        names = [f"第{number}居民区" for number in range(ROUNDS + 1)]
        kind = AreaKind.NEIGHBOURHOOD
        made = await create_areas(kind=kind, names=names, parent=world.subdistrict, at=now, actor=None)
        return await give_session(world.subdistrict_admin.id, at=now), [area.id for area in made]


def _roster(number: int) -> bytes:
    """A workbook of ROWS people, others in each round."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("花名册")
    sheet.write(0, 0, "示范居民区志愿者花名册")
    for column, title in enumerate(("序号", "姓名", "性别", "出生年月", "政治面貌", "联系电话", "楼号门牌", "特长", "备注")):
        sheet.write(1, column, title)
    for row in range(ROWS):
        who = number * ROWS + row
        values = (
            row + 1,
            _name(who),
            "女",
            "1956年10月",
            "群众",
            f"{13_100_000_000 + who}",
            f"{number * 40 + row % 40 + 1}号{row % 18 + 1}0{row % 6 + 1}",
            "急救",
            "",
        )
        for column, value in enumerate(values):
            sheet.write(row + 2, column, value)
    book.close()
    return file.getvalue()


def _name(who: int) -> str:
    """Names that read like names; each number has its own."""
    given = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
    return "王李张刘陈杨黄赵吴周"[who % 10] + given[who // 10 % 20] + given[who // 200 % 20]


async def _import(installation: Installation, neighbourhood: UUID, token: str, file: bytes, pid: int) -> tuple[float, float]:
    headers = {"Cookie": f"mingxun={token}", "Origin": installation.url}

    async def both() -> None:
        async with httpx.AsyncClient(base_url=installation.url, headers=headers, timeout=120) as client:
            preview = await client.post(
                f"/api/neighbourhoods/{neighbourhood}/roster-imports",
                content=file,
                headers={"Content-Type": "application/octet-stream", "X-File-Name": "roster.xlsx"},
            )
            preview.raise_for_status()
            if preview.json()["counts"].get("new") != ROWS:
                raise RuntimeError(f"not all are new: {preview.json()['counts']} {preview.json()['rows'][:2]}")
            done = await client.post(f"/api/roster-imports/{preview.json()['id']}/confirmation")
            done.raise_for_status()
            if done.json()["added"] != ROWS:
                raise RuntimeError(f"not all were added: {done.json()}")

    loop = asyncio.get_running_loop()
    started = loop.time()
    _, peak = await _watched(both(), pid)
    return loop.time() - started, peak


async def _watched(work: Awaitable[Result], pid: int) -> tuple[Result, float]:
    """What `work` gives, and the most memory that the process took meanwhile."""
    task = asyncio.ensure_future(work)
    peak = memory_mb(pid)
    while not task.done():
        await asyncio.wait([task], timeout=0.05)
        peak = max(peak, memory_mb(pid))
    return await task, peak


async def memory() -> dict[str, Any]:
    """The scenario's line: MB of server and worker together under load; at rest and apart beside it."""
    with free_folder() as folder:
        installation = Installation(folder)
        try:
            installation.start_database()
            world = await installation.prepare()

            async def seed() -> Bench:
                async with database.transaction():
                    people = await seeding.volunteers(world, 6_000)
                    return Bench(installation, world, people, await seeding.location(world), [])

            bench = await installation.in_database(seed)
            server, worker = installation.start("server", "serve"), installation.start("worker", "worker")
            await installation.wait_until_ready()
            await asyncio.sleep(3)
            rest = [memory_mb(server.pid), memory_mb(worker.pid)]
            loads = []
            for _ in range(ROUNDS):
                requests = [check_in(bench).to_product(installation.url) for _ in range(1_000)]
                _, peak = await _watched(drive(installation.port, requests), server.pid)
                loads.append((peak, memory_mb(worker.pid)))
            total = median(a + b for a, b in loads)
            return {
                "scenario": "memory",
                "value": round(total, 1),
                "unit": "MB",
                "ceiling": round(sum(rest), 1),
                "ratio": round(total / sum(rest), 3),
                "rounds": len(loads),
                "server_rest": round(rest[0], 1),
                "worker_rest": round(rest[1], 1),
                "server_load": round(max(a for a, _ in loads), 1),
                "worker_load": round(max(b for _, b in loads), 1),
            }
        finally:
            installation.stop()
