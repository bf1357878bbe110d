"""Jobs, on a PostgreSQL of their own that may be restarted and workers that may be killed."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from mingxun.kit.database import ENGINE
from mingxun.kit.job_tables import INSTALL_SQL
from mingxun.kit.jobs import JobRegistry, NewJob, cron_of, enqueue, enqueue_all
from mingxun.kit.postgres import EmbeddedPostgres

pytestmark = pytest.mark.alone

WORKER = Path(__file__).with_name("job_worker.py")
SERVER = Path(__file__).parents[2] / "server"


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="mx-") as folder:
        server = EmbeddedPostgres(
            Path(folder), extra_settings={"max_connections": "40", "shared_buffers": "16MB", "fsync": "off"}
        )
        server.start()
        yield server
        server.stop()


@pytest.fixture
async def database(own_postgres: EmbeddedPostgres) -> str:
    """A fresh, empty queue; gives its address."""
    connection = await asyncpg.connect(own_postgres.dsn)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.execute(INSTALL_SQL)
    await connection.execute("CREATE TABLE mark (job text PRIMARY KEY, worker text); CREATE TABLE tick (worker text)")
    await connection.close()
    return own_postgres.dsn


@contextlib.asynccontextmanager
async def committed(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            token = ENGINE.current_transaction.set(SimpleNamespace(connection=connection))  # type: ignore[arg-type]
            try:
                yield connection
            finally:
                ENGINE.current_transaction.reset(token)
    finally:
        await connection.close()


class Worker:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def says(self, what: str, seconds: float = 15) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            while (line := await self.process.stdout.readline()).decode().strip() != what:
                assert line, "the worker ended"

    def kill(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@contextlib.asynccontextmanager
async def worker(dsn: str, name: str = "one") -> AsyncIterator[Worker]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(WORKER), dsn, name, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(SERVER)}
    )
    running = Worker(process)
    try:
        await running.says("ready")
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]


async def value(dsn: str, sql: str, *args: Any) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql, *args)
    finally:
        await connection.close()


async def until(dsn: str, sql: str, wanted: Any, seconds: float) -> float:
    """Wait until the query gives what is wanted; how long that took."""
    begun = time.monotonic()
    found = None
    while time.monotonic() - begun < seconds:
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            found = await value(dsn, sql)
            if found == wanted:
                return time.monotonic() - begun
        await asyncio.sleep(0.05)
    raise AssertionError(f"{sql} gives {found!r} instead of {wanted!r} after {seconds} s")


async def test_a_job_is_there_exactly_when_its_transaction_is_committed(database: str) -> None:
    async with committed(database):
        await enqueue("mark", b"kept")
    async with committed(database) as connection:
        with contextlib.suppress(ZeroDivisionError):
            async with connection.transaction():
                await enqueue("mark", b"undone")
                raise ZeroDivisionError
    assert await value(database, "SELECT array_agg(payload) FROM pgqueuer") == [b"kept"]


async def test_nothing_is_enqueued_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError):
        await enqueue("mark", b"lost")


async def test_a_second_job_with_the_same_key_is_left_out_while_the_first_waits(database: str) -> None:
    async with committed(database):
        assert await enqueue("mark", b"a", dedupe_key="k")
        assert not await enqueue("mark", b"b", dedupe_key="k")
        assert await enqueue_all([NewJob("mark", b"c"), NewJob("mark", b"d", dedupe_key="k")]) == 1


async def test_jobs_run_and_those_put_off_run_later(database: str) -> None:
    async with worker(database):
        async with committed(database):
            await enqueue("mark", b"later", after=timedelta(seconds=2))
            await enqueue("mark", b"now")
        assert await until(database, "SELECT job FROM mark", "now", 1.5) < 1.5
        await until(database, "SELECT count(*) FROM mark WHERE job = 'later'", 1, 6)
        await until(database, "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'mark'", 0, 3)


async def test_a_job_that_fails_is_undone_and_tried_again(database: str) -> None:
    async with worker(database):
        async with committed(database):
            await enqueue("fails twice", b"third time")
        await until(database, "SELECT array_agg(job) FROM mark", ["third time"], 10)


async def test_a_hopeless_job_is_kept_as_failed_so_that_somebody_can_look_at_it(database: str) -> None:
    async with worker(database):
        async with committed(database):
            await enqueue("hopeless")
        await until(database, "SELECT status FROM pgqueuer WHERE entrypoint = 'hopeless'", "failed", 10)


async def test_a_schedule_fires_once_over_all_workers(database: str) -> None:
    async with worker(database, "one"), worker(database, "two"):
        await asyncio.sleep(5)
        assert 2 <= await value(database, "SELECT count(*) FROM tick") <= 6


async def test_a_worker_asked_to_stop_ends_its_job_first(database: str) -> None:
    async with worker(database) as one:
        async with committed(database):
            await enqueue("slow", b"2 s")
        await one.says("begun 2 s")
        one.kill(signal.SIGTERM)
        assert await asyncio.wait_for(one.process.wait(), 10) == 0
    assert await value(database, "SELECT job FROM mark") == "2 s"
    assert await value(database, "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'slow'") == 0


async def test_the_worker_is_back_within_5_seconds_of_a_restarted_database(database: str, own_postgres: EmbeddedPostgres) -> None:
    async with worker(database) as one:
        async with committed(database):
            await enqueue("mark", b"before")
            await enqueue("slow", b"8 s")
        await one.says("begun 8 s")
        for restart in range(2):
            await asyncio.to_thread(own_postgres.stop)
            await asyncio.sleep(2)
            await asyncio.to_thread(own_postgres.start)
            back = time.monotonic()
            async with committed(database):
                await enqueue("mark", f"after {restart}".encode())
            await until(database, f"SELECT count(*) FROM mark WHERE job = 'after {restart}'", 1, 5)
            print(f"back after {time.monotonic() - back:.2f} s")
            assert time.monotonic() - back < 5
        # the job that the restart interrupted is taken up again at once, and done once
        await until(database, "SELECT count(*) FROM mark WHERE job = '8 s'", 1, 20)
        await until(database, "SELECT count(*) FROM pgqueuer WHERE entrypoint <> 'tick'", 0, 5)
        assert one.process.returncode is None


async def test_the_worker_is_back_after_the_database_was_killed(database: str, own_postgres: EmbeddedPostgres) -> None:
    async with worker(database):
        os.kill(int((own_postgres.cluster / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
        await asyncio.sleep(1)
        assert not own_postgres.started_here
        await asyncio.to_thread(own_postgres.start)
        back = time.monotonic()
        async with committed(database):
            await enqueue("mark", b"after")
        await until(database, "SELECT count(*) FROM mark", 1, 5)
        assert time.monotonic() - back < 5


async def test_the_job_of_a_killed_worker_is_done_by_another_within_a_minute_and_once(database: str) -> None:
    async with worker(database, "one") as one:
        async with committed(database):
            await enqueue("slow", b"3 s")
        await one.says("begun 3 s")
        async with worker(database, "two"):
            one.kill(signal.SIGKILL)
            took = await until(database, "SELECT count(*) FROM mark", 1, 60)
            print(f"done by another after {took:.1f} s")
            assert await value(database, "SELECT worker FROM mark") == "two"


def test_a_period_must_divide_the_next_larger_unit() -> None:
    assert cron_of(timedelta(minutes=5)) == "*/5 * * * *"
    assert cron_of(timedelta(days=1)) == "0 0 * * *"
    for odd in (timedelta(minutes=7), timedelta(seconds=0), timedelta(seconds=1.5), timedelta(hours=5)):
        with pytest.raises(ValueError, match="does not divide"):
            cron_of(odd)


def test_two_features_cannot_have_a_job_of_the_same_name() -> None:
    one, two = JobRegistry(), JobRegistry()

    async def nothing(payload: bytes, context: object) -> None: ...

    one.job("push")(nothing)
    two.job("push")(nothing)
    with pytest.raises(ValueError, match="two features"):
        JobRegistry.union([one, two])
