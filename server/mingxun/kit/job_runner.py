"""Running jobs: PgQueuer, kept alive through whatever happens to the database.

PgQueuer works on one connection of its own. When that connection dies (the database restarted, the network broke) everything that
hangs on it is thrown away and built anew, as soon as the database answers; handlers use the pool of `kit.database`, which
mends itself.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as QueuedJob
from pgqueuer.domain.models import Schedule as QueuedSchedule

from mingxun.kit.database import discreet, transaction
from mingxun.kit.job_tables import SETTINGS
from mingxun.kit.jobs import Job, JobContext, JobRegistry, Schedule, enqueue

HEARTBEAT = timedelta(seconds=20)
"""A job whose worker was not heard of for so long is done by another one. With `POLL` that makes half of the minute promised."""
POLL = timedelta(seconds=5)
"""The longest that an idle worker waits before it looks for jobs that others left behind."""
GRACE = timedelta(seconds=25)
"""How long running jobs may take to end when the worker is asked to stop; a push to a dead host takes 10 s."""
LONGEST_PAUSE = timedelta(minutes=5)
"""Between two attempts at a job that fails."""
_RECONNECT = (0.2, 0.5, 1.0)
"""Seconds between tries to reach the database; the last one for ever. Far below the 5 s within which we are back."""
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection cut in the middle of its own clean-up
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    OSError,
)
_CONNECT_TIMEOUT = 5.0
_COMMAND_TIMEOUT = 15.0

_log = logging.getLogger(__name__)


class JobRunner:
    """Runs the jobs of a registry until told to stop. Any number may run, in any number of processes."""

    def __init__(self, dsn: str, registry: JobRegistry, context: JobContext, *, concurrency: int = 20) -> None:
        """`concurrency`: at most so many jobs at once (2 or more)."""
        self._dsn = dsn
        self._registry = registry
        self._context = context
        self._concurrency = max(2, concurrency)
        self._held: set[UUID] = set()
        self._running: set[asyncio.Task[Any]] = set()
        self.ready = asyncio.Event()
        """Set while the worker is connected and listens."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until `stop` is set, then let those that run end, for `GRACE` at most. Raises nothing: failures are logged."""
        tries = 0
        while not stop.is_set():
            try:
                await self._work(stop)
                tries = 0
            except Exception as error:
                if self.ready.is_set():
                    tries = 0
                _log.warning("the job queue is out of reach, trying again: %s: %s", type(error).__name__, error)
            self.ready.clear()
            pause = _RECONNECT[min(tries, len(_RECONNECT) - 1)]
            tries += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def _work(self, stop: asyncio.Event) -> None:
        """Work on one connection for as long as it lives. Raises whatever ended it, unless that was `stop`."""
        connection = await asyncpg.connect(
            self._dsn,
            timeout=_CONNECT_TIMEOUT,
            command_timeout=_COMMAND_TIMEOUT,
            server_settings={"application_name": "mingxun worker", "timezone": "UTC", "jit": "off"},
        )
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        queue = self._queue(connection)
        try:
            await self._take_back(connection)
            self._held.add(queue.qm.queue_manager_id)
            work = asyncio.create_task(
                queue.run(
                    dequeue_timeout=POLL,
                    batch_size=self._concurrency // 2,
                    max_concurrent_tasks=self._concurrency,
                    shutdown_on_listener_failure=True,
                    heartbeat_timeout=HEARTBEAT,
                )
            )
            self.ready.set()
            signals = [asyncio.create_task(stop.wait()), asyncio.create_task(lost.wait())]
            try:
                await asyncio.wait([work, *signals], return_when=asyncio.FIRST_COMPLETED)
                if stop.is_set() and not lost.is_set():
                    queue.shutdown.set()
                    await asyncio.wait([work, signals[1]], timeout=GRACE.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for signal in signals:
                    signal.cancel()
                # First the connection, then the jobs: PgQueuer writes a cancelled job off as done, if it still can.
                # They are cancelled one by one, since its own way out waits for them.
                if not work.done():
                    connection.terminate()
                    work.cancel()
                    for job in self._running:
                        job.cancel()
                await asyncio.wait([work], timeout=_COMMAND_TIMEOUT)
            if work.done() and not work.cancelled() and (error := work.exception()) is not None:
                raise error
            if lost.is_set():
                raise ConnectionError("the connection was lost")
        finally:
            connection.terminate()
            if stop.is_set():
                await self._hand_over()

    def _queue(self, connection: "asyncpg.Connection[asyncpg.Record]") -> PgQueuer:
        driver = AsyncpgDriver(connection)
        queries = Queries(
            driver,
            qbe=QueryBuilderEnvironment(settings=SETTINGS),
            qbq=QueryQueueBuilder(settings=SETTINGS),
            qbs=QuerySchedulerBuilder(settings=SETTINGS),
        )
        queue = PgQueuer(driver, queries=queries)
        for job in self._registry.jobs.values():
            queue.entrypoint(job.name, on_failure="hold")(self._entrypoint(job))
        for schedule in self._registry.schedules:
            queue.schedule(schedule.name, schedule.cron)(_tick(schedule))
        return queue

    def _entrypoint(self, job: Job) -> Callable[[QueuedJob], Awaitable[None]]:
        async def run(queued: QueuedJob) -> None:
            context = replace(self._context, attempt=queued.attempts)
            task = cast("asyncio.Task[Any]", asyncio.current_task())
            self._running.add(task)
            try:
                if job.transaction:
                    async with transaction():
                        await job.handler(queued.payload or b"", context)
                else:
                    await job.handler(queued.payload or b"", context)
            except Exception as error:
                if queued.attempts + 1 >= job.attempts:
                    _log.error("job %s failed for good after %d attempts", job.name, job.attempts, exc_info=discreet(error))
                    raise
                pause = _pause(error, queued.attempts)
                _log.warning("job %s failed, again in %s: %s", job.name, pause, type(error).__name__)
                raise RetryRequested(delay=pause, reason=type(error).__name__) from error
            finally:
                self._running.discard(task)

        return run

    async def _take_back(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Put the jobs of our own lost connections back in the queue: nobody works on them any more."""
        if self._held:
            await connection.execute(
                f"""UPDATE {SETTINGS.queue_table} SET status = 'queued', queue_manager_id = NULL, updated = now()
                    WHERE status = 'picked' AND queue_manager_id = ANY($1::uuid[])""",
                list(self._held),
            )
            self._held.clear()

    async def _hand_over(self) -> None:
        """On stopping: leave to the others what did not end in time, without making them wait for `HEARTBEAT`."""
        with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await asyncpg.connect(self._dsn, timeout=2, command_timeout=2)
            try:
                await self._take_back(connection)
            finally:
                await connection.close(timeout=2)


def _pause(error: Exception, failures: int) -> timedelta:
    """How long to wait after one more failure. Right after a restart of the database the pool may still hand out dead connections:
    that passes at once, and must not cost the seconds that a real failure does."""
    if isinstance(error, _LOST) and failures < 5:
        return timedelta(seconds=0.3)
    return min(timedelta(seconds=2 ** min(failures, 20)), LONGEST_PAUSE)


def _tick(schedule: Schedule) -> Callable[[QueuedSchedule], Awaitable[None]]:
    async def tick(_: QueuedSchedule) -> None:
        async with transaction():
            await enqueue(schedule.name, dedupe_key=f"every {schedule.name}")

    return tick
