"""A worker of its own process, so that a test can kill it: `python job_worker.py DSN NAME`."""

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

import aiohttp

from mingxun.kit.clock import SystemClock
from mingxun.kit.database import close_pool, execute, open_pool
from mingxun.kit.job_runner import JobRunner
from mingxun.kit.jobs import JobContext, JobRegistry
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys

registry = JobRegistry()


@registry.job("mark")
async def mark(payload: bytes, context: JobContext) -> None:
    await execute("INSERT INTO mark (job, worker) VALUES ($1, $2) ON CONFLICT DO NOTHING", payload.decode(), sys.argv[2])


@registry.job("slow", transaction=False)
async def slow(payload: bytes, context: JobContext) -> None:
    print("begun", payload.decode(), flush=True)
    await asyncio.sleep(float(payload.decode().split()[0]))
    from mingxun.kit.database import transaction

    async with transaction():
        await mark(payload, context)


@registry.job("fails twice")
async def fails_twice(payload: bytes, context: JobContext) -> None:
    await execute("INSERT INTO mark (job, worker) VALUES ($1, $2)", f"{payload.decode()} undone?", sys.argv[2])
    if context.attempt < 2:
        raise RuntimeError("not yet")
    await execute("DELETE FROM mark WHERE job LIKE '%undone?'")
    await mark(payload, context)


@registry.job("hopeless", attempts=2)
async def hopeless(payload: bytes, context: JobContext) -> None:
    raise RuntimeError("never")


@registry.every(timedelta(seconds=1), "tick")
async def tick(payload: bytes, context: JobContext) -> None:
    await execute("INSERT INTO tick (worker) VALUES ($1)", sys.argv[2])


async def main(dsn: str) -> None:
    await open_pool(dsn, size=5)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with aiohttp.ClientSession() as http:
        context = JobContext(Settings(data_dir=Path("/nowhere")), Keys(secret=b"", vapid_private_pem=b""), SystemClock(), http)
        runner = JobRunner(dsn, registry, context, concurrency=4)

        async def tell() -> None:
            await runner.ready.wait()
            print("ready", flush=True)

        telling = asyncio.create_task(tell())
        await runner.run(stop)
        telling.cancel()
    await close_pool()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
