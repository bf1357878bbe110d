"""A whole installation for tests that need real processes: PostgreSQL, servers and a worker, each of which can be killed."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import httpx

from mingxun.kit import database
from mingxun.kit.migrate import migrate
from mingxun.kit.postgres import EmbeddedPostgres
from mingxun.kit.signing import Keys, load_or_make
from tests.world import World, build_world

ROOT = Path(__file__).resolve().parents[1]
Result = TypeVar("Result")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """One data directory, its database, and the processes on it. Close it with `stop`."""

    def __init__(self, folder: Path | None = None, *, durable: bool = True, environment: Mapping[str, str] | None = None) -> None:
        """With `durable` False PostgreSQL does not wait for the disk: for tests that kill no machine.

        Without `folder` one is made, and removed by `stop`. (Pytest's own are closed to the user whom PostgreSQL runs as under root.)
        """
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="mx-", ignore_cleanup_errors=True)
        if self._own is not None:
            Path(self._own.name).chmod(0o755)
        folder = folder or Path(self._own.name) / "data"  # type: ignore[union-attr]
        folder.mkdir(exist_ok=True)
        self.folder = folder
        relaxed = {"fsync": "off", "synchronous_commit": "off"}
        self.postgres = EmbeddedPostgres(folder, extra_settings=None if durable else relaxed)
        self.port = free_port()
        self.keys: Keys = load_or_make(folder)
        self._extra = dict(environment or {})
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.logs = folder / "test-logs"
        self.logs.mkdir(exist_ok=True)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start_database(self) -> str:
        return self.postgres.start()

    async def prepare(self) -> World:
        """Migrate, and make the two neighbourhoods."""
        return await self.in_database(self._prepare)

    async def _prepare(self) -> World:
        await migrate()
        async with database.transaction():
            return await build_world()

    async def in_database(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Run `work` in this process with a pool to this installation's database."""
        await database.close_pool()
        await database.open_pool(self.postgres.dsn, size=4)
        try:
            return await work()
        finally:
            await database.close_pool()

    def start(
        self, name: str, *arguments: str, port: int | None = None, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `mingxun <arguments>` as the process `name`, in a group of its own; `environment` is this one's alone."""
        surroundings = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "server"),
            "MINGXUN_DATA_DIR": str(self.folder),
            "MINGXUN_PORT": str(port or self.port),
            "MINGXUN_PUBLIC_URL": self.url,
            "MINGXUN_PUSH_ALLOW_PRIVATE": "true",
            "MINGXUN_LOG_LEVEL": "warning",
            "DATABASE_URL": self.postgres.dsn,
            **self._extra,
            **(environment or {}),
        }
        log = (self.logs / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "mingxun.cli", *arguments],
            env=surroundings,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=self.folder,
        )
        log.close()
        self._processes[name] = process
        return process

    def start_server(self, name: str = "server", *, port: int | None = None) -> None:
        self.start(name, "serve", port=port)

    def start_worker(self, name: str = "worker") -> None:
        self.start(name, "worker")

    def kill(self, name: str) -> None:
        """kill −9 of the process and all it started."""
        process = self._processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    async def wait_until_ready(self, *, port: int | None = None, seconds: float = 30) -> float:
        """Wait until the server answers that it is ready; how long that took."""
        started = time.monotonic()
        async with httpx.AsyncClient() as client:
            while time.monotonic() - started < seconds:
                try:
                    if (await client.get(f"http://localhost:{port or self.port}/readyz")).status_code == 200:
                        return time.monotonic() - started
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
        raise TimeoutError(f"not ready after {seconds} s:\n{self.log_tail()}")

    def log_tail(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in sorted(self.logs.iterdir()))

    def stop(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for name, process in list(self._processes.items()):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill(name)
        self._processes.clear()
        self.postgres.stop()
        if self._own is not None:
            self._own.cleanup()
