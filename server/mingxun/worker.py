"""The worker, put together: every feature's jobs, run until it is told to stop. Any number of them may run."""

import asyncio
import signal
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

import structlog

from mingxun.kit import database, housekeeping, logs
from mingxun.kit.clock import Clock, SystemClock
from mingxun.kit.job_runner import JobRunner
from mingxun.kit.jobs import JobContext, JobRegistry
from mingxun.kit.postgres import EmbeddedPostgres
from mingxun.kit.settings import Settings
from mingxun.kit.signing import load_or_make
from mingxun.notifications.endpoints import outgoing_session

FEATURES = ("people", "places", "shifts", "tickets", "checkins", "notifications")

logger = structlog.get_logger(__name__)


def all_jobs() -> JobRegistry:
    """The jobs of kit and of every feature that has some."""
    return JobRegistry.union([housekeeping.registry, *_of_features()])


def _of_features() -> Iterator[JobRegistry]:
    for feature in FEATURES:
        if find_spec(f"mingxun.{feature}.jobs"):
            registry: JobRegistry = import_module(f"mingxun.{feature}.jobs").registry
            yield registry


async def work(settings: Settings, stop: asyncio.Event, *, clock: Clock | None = None) -> None:
    """Run jobs until `stop` is set, through whatever happens to the database meanwhile. Needs its tables to be up to date."""
    dsn = settings.database_url or EmbeddedPostgres(settings.data_dir).dsn
    await database.open_pool(dsn, size=settings.pool_size, at_once=False)
    try:
        async with outgoing_session(allow_private=settings.push_allow_private) as http:
            context = JobContext(settings=settings, keys=load_or_make(settings.data_dir), clock=clock or SystemClock(), http=http)
            logger.info("worker started")
            await JobRunner(dsn, all_jobs(), context, concurrency=2 * settings.pool_size).run(stop)
    finally:
        await database.close_pool()
        logger.info("worker stopped")


def run_worker(settings: Settings) -> None:
    """Be a worker process: until SIGTERM or SIGINT, then let running jobs end (25 seconds at most)."""
    logs.configure(settings.log_level)
    asyncio.run(_until_told(settings))


async def _until_told(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await work(settings, stop)
