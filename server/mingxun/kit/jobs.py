"""Work done after a request: enqueued in its transaction, so that a job exists exactly when what it is about does.

A feature's `jobs.py` has a `JobRegistry`; the worker gathers them. A job may run twice (a worker can die after its work and
before it says so), therefore the effect of every handler is guarded by a constraint in the database.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
from croniter import croniter
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder

from mingxun.kit.clock import Clock
from mingxun.kit.database import connection
from mingxun.kit.job_tables import SETTINGS
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys

_ENQUEUE = QueryQueueBuilder(settings=SETTINGS).build_enqueue_query("skip")


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be enqueued; see `enqueue`."""

    name: str
    payload: bytes = b""
    after: timedelta | None = None
    priority: int = 0
    dedupe_key: str | None = None


async def enqueue(
    name: str,
    payload: bytes = b"",
    after: timedelta | None = None,
    priority: int = 0,
    dedupe_key: str | None = None,
) -> bool:
    """Have the job `name` run once the open transaction is committed, `after` that much time. Higher priorities go first.

    Nothing is enqueued, and False returned, while another job with the same `dedupe_key` waits or runs. One that runs may have
    read its rows already: use a key only where the next run makes up for it. Raises RuntimeError outside a transaction.
    """
    return await enqueue_all([NewJob(name, payload, after, priority, dedupe_key)]) == 1


async def enqueue_all(jobs: Iterable[NewJob]) -> int:
    """Enqueue many jobs in one statement; how many were (see `enqueue` on `dedupe_key`)."""
    batch = list(jobs)
    if not batch:
        return 0
    rows = await connection().fetch(
        _ENQUEUE,
        [job.priority for job in batch],
        [job.name for job in batch],
        [job.payload for job in batch],
        [job.after or timedelta(0) for job in batch],
        [job.dedupe_key for job in batch],
        [None] * len(batch),
    )
    return len(rows)


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a handler may use."""

    settings: Settings
    keys: Keys
    clock: Clock
    http: aiohttp.ClientSession
    """One session for the process: connections to the outside are kept alive. Never used inside a transaction."""
    attempt: int = 0
    """How often this job failed before (0 on the first run)."""


Handler = Callable[[bytes, JobContext], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of job and how it is run."""

    name: str
    handler: Handler
    transaction: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that is enqueued again and again."""

    name: str
    cron: str


def cron_of(period: timedelta) -> str:
    """A cron expression that fires every `period`, which must divide a minute, an hour or a day. Raises ValueError otherwise."""
    seconds = int(period.total_seconds())
    if seconds > 0 and period == timedelta(seconds=seconds):
        if seconds < 60 and 60 % seconds == 0:
            return f"* * * * * */{seconds}"
        if seconds % 60 == 0 and seconds <= 3600 and 3600 % seconds == 0:
            return "0 * * * *" if seconds == 3600 else f"*/{seconds // 60} * * * *"
        if seconds % 3600 == 0 and seconds <= 86400 and 86400 % seconds == 0:
            return "0 0 * * *" if seconds == 86400 else f"0 */{seconds // 3600} * * *"
    raise ValueError(f"{period} does not divide a minute, an hour or a day")


@dataclass(frozen=True, slots=True)
class JobRegistry:
    """The jobs of a feature by name."""

    jobs: dict[str, Job] = field(default_factory=dict)
    schedules: list[Schedule] = field(default_factory=list)

    def job(self, name: str, *, transaction: bool = True, attempts: int = 12) -> Callable[[Handler], Handler]:
        """Run the function for jobs called `name`, in one transaction unless `transaction` is False.

        A job that raises is tried again with growing pauses (1 s, 2 s, … at most 5 min), `attempts` times in all;
        then it is kept as failed, which `mingxun doctor` shows. Raises ValueError when the name is taken.
        """

        def register(handler: Handler) -> Handler:
            if name in self.jobs:
                raise ValueError(f"there is a job {name!r} already")
            self.jobs[name] = Job(name, handler, transaction, attempts)
            return handler

        return register

    def every(
        self, when: timedelta | str, name: str, *, transaction: bool = True, attempts: int = 12
    ) -> Callable[[Handler], Handler]:
        """Run the function at every `when` (a period, or a cron expression in UTC), once over all workers.

        A run that is still waiting or going on is not joined by another.
        """
        cron = cron_of(when) if isinstance(when, timedelta) else when
        if not croniter.is_valid(cron):
            raise ValueError(f"{cron!r} is not a cron expression")

        def register(handler: Handler) -> Handler:
            self.job(name, transaction=transaction, attempts=attempts)(handler)
            self.schedules.append(Schedule(name, cron))
            return handler

        return register

    @classmethod
    def union(cls, registries: "Iterable[JobRegistry]") -> "JobRegistry":
        """All jobs of several features. Raises ValueError when two have the same name."""
        whole = cls()
        for registry in registries:
            for job in registry.jobs.values():
                if job.name in whole.jobs:
                    raise ValueError(f"two features have a job {job.name!r}")
                whole.jobs[job.name] = job
            whole.schedules.extend(registry.schedules)
        return whole
