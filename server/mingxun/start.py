"""What `scripts/start` runs: sets an installation up, and keeps its parts alive until it is told to stop.

PostgreSQL, the server and the worker are children of this process. They end with it, also when it is killed; and what is killed
of them is started again.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
import psutil

from mingxun.installation import NotReady, connected, environment_of, read_settings, require_private
from mingxun.kit.children import spawn
from mingxun.kit.postgres import EmbeddedPostgres, PostgresFailed
from mingxun.kit.settings import Settings, SettingsError, unknown_variables
from mingxun.kit.signing import BrokenKey, load_or_make
from mingxun.terminal import beside, qr_lines

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a part is started again: after its first death, its second, … The first four make less than the 5 s promised."""
HEALTHY = 60.0
"""Seconds of life after which earlier deaths are forgotten."""
LOOK = 0.1
"""Seconds between two looks at the parts."""
READY_WITHIN = 60.0
STOP_WITHIN = 30.0
"""Seconds; the worker lets its jobs end for 25."""
LOG_LIMIT = 20 * 1024 * 1024
"""Bytes; a longer log is put aside (one older log is kept)."""
MARK = "MINGXUN_STARTED_FOR"
"""In the environment of every child: the data directory. By it a later start finds what a killed one left behind."""


class CannotStart(Exception):
    """Mingxun can't run here now. The text says why, and what to do."""


class Part:
    """A child that is started again when it ends."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.log = settings.data_dir / "logs" / f"{name}.log"
        self.deaths = 0
        self._command = [sys.executable, "-m", "mingxun.cli", name, "--data", str(settings.data_dir)]
        self._environment = {**environment_of(settings), MARK: str(settings.data_dir)}
        self._child: subprocess.Popen[bytes] | None = None
        self._born = 0.0
        self._due = 0.0

    def start(self) -> None:
        with open(self.log, "ab", opener=lambda path, flags: os.open(path, flags, mode=0o600)) as log:
            self._child = spawn(self._command, environment=self._environment, output=log)
        self._born = time.monotonic()

    @property
    def started(self) -> bool:
        return self._child is not None

    def watch(self) -> None:
        """Notice its end, and start it again when its pause is over."""
        now = time.monotonic()
        if self._child is not None and self._child.poll() is not None:
            self._end_its_children()
            if now - self._born > HEALTHY:
                self.deaths = 0
            pause = PAUSES[min(self.deaths, len(PAUSES) - 1)]
            self.deaths += 1
            self._due = now + pause
            tell(f"! {self.name} ended ({_how(self._child.returncode)}); again in {pause:g} s. Its log: {self.log}")
            self._child = None
        if self._child is None and now >= self._due:
            self.start()

    def ask_to_stop(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.terminate()

    def stop(self, until: float, hurry: threading.Event) -> None:
        """Wait for its end until the instant `until` (monotonic) or until `hurry` is set; then kill it."""
        if self._child is None:
            return
        while self._child.poll() is None and time.monotonic() < until and not hurry.is_set():
            time.sleep(0.02)
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._end_its_children()
        self._child = None

    def _end_its_children(self) -> None:
        """What a killed server leaves (its own processes) would hold the port. They are in its session and group."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)


class Database:
    """The embedded PostgreSQL, started again when it ends; nothing at all with a database of one's own."""

    def __init__(self, settings: Settings) -> None:
        self._own = settings.database_url
        self._server = EmbeddedPostgres(settings.data_dir)
        self.log = self._server.log
        self._due = 0.0
        self._failures = 0

    def start(self) -> str:
        return self._own or self._server.start()

    def watch(self) -> None:
        now = time.monotonic()
        if self._own is not None or self._server.started_here or now < self._due:
            return
        if not self._server.answers():
            tell(f"! PostgreSQL ended; starting it again. Its log: {self.log}")
            try:
                self._server.start()
                self._failures = 0
            except PostgresFailed as error:
                self._failures += 1
                tell(f"! {error}")
        self._due = time.monotonic() + (PAUSES[min(self._failures, len(PAUSES) - 1)] if self._failures else 1.0)

    def stop(self) -> None:
        if self._own is None:
            self._server.stop()


class _Migrated:
    """Whether the database was brought to the migrations of this very version before, as far as a note beside it says."""

    def __init__(self, settings: Settings) -> None:
        names = sorted(path.name for path in Path(__file__).parent.glob("*/migrations/*.py"))
        cluster = settings.database_url or str(EmbeddedPostgres(settings.data_dir).cluster.stat().st_ino)
        self._wanted = hashlib.sha256("\n".join([cluster, *names]).encode()).hexdigest()
        self._note = settings.data_dir / "migrated"

    def __bool__(self) -> bool:
        return self._note.is_file() and self._note.read_text().strip() == self._wanted

    def remember(self) -> None:
        self._note.write_text(self._wanted + "\n")


def tell(text: str = "") -> None:
    """Say something to whoever started it, who may have closed the terminal meanwhile."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def run(settings: Settings, *, demo: bool) -> None:
    """Set the installation up and keep it running until SIGINT, SIGTERM or SIGHUP. Raises CannotStart and what it is made of."""
    stop, hurry = threading.Event(), threading.Event()

    def on_signal(*_: object) -> None:
        if stop.is_set():
            hurry.set()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)

    for sentence in unknown_variables():
        tell(f"! {sentence}")
    if demo:
        require_private(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (settings.data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    with _only_one(settings):
        (settings.data_dir / "port").write_text(f"{settings.port}\n")  # for commands that are run meanwhile
        _end_leftovers(settings)
        _check_port(settings)
        database = Database(settings)
        parts = [Part("serve", settings), Part("worker", settings)]
        try:
            load_or_make(settings.data_dir)
            dsn = database.start()
            migrated = _Migrated(settings)
            if migrated:  # the server takes the longest to come up: let it, while we look after the rest
                parts[0].start()
            page = asyncio.run(_prepare(settings, dsn, demo=demo))
            migrated.remember()
            if not stop.is_set():
                for part in parts:
                    if not part.started:
                        part.start()
                _wait_until_ready(settings, database, parts, stop)
            if not stop.is_set():
                tell(page)
            _keep_alive([database, *parts], stop)
            tell("\nStopping …")
        finally:
            for part in parts:
                part.ask_to_stop()
            until = time.monotonic() + STOP_WITHIN
            for part in parts:
                part.stop(until, hurry)
            database.stop()
    tell("Stopped.")


def _keep_alive(parts: list["Part | Database"], stop: threading.Event) -> None:
    trim_at = 0.0
    while not stop.wait(LOOK):
        for part in parts:
            part.watch()
        if time.monotonic() > trim_at:
            trim_at = time.monotonic() + 60
            for part in parts:
                _trim(part.log)


async def _prepare(settings: Settings, dsn: str, *, demo: bool) -> str:
    """Migrations, the demonstration, and the page of links."""
    from mingxun.kit.migrate import migrate

    async with connected(dsn, migrated=False):
        ran = await migrate()
        if ran:
            tell(f"· brought the database up to date ({len(ran)} migrations)")
        return await _page(settings, demo=demo)


async def _page(settings: Settings, *, demo: bool) -> str:
    lines = ["", f"  明巡 Mingxun   {settings.public_url}", f"  data: {settings.data_dir}      stop: Ctrl-C", ""]
    if settings.local:
        lines += ["  The links open on this machine only. For phones, give it an address with HTTPS: docs/operations.md", ""]
    if not demo:
        lines += ["  The first administrator:  .venv/bin/mingxun invite --role subdistrict_admin --area 街道 --name NAME", ""]
        return "\n".join(lines)
    from mingxun.demo import make_demonstration, welcome_guests

    if await make_demonstration(settings):
        tell("· made the demonstration neighbourhood")
    colour = sys.stdout.isatty()
    blocks = []
    for guest in await welcome_guests(settings):
        about = [f"{guest.title}  {guest.name}", f"{guest.phone}   {guest.password}"]
        blocks.append([*about, *qr_lines(guest.url, colour=colour), ""])
        lines.append(f"  {guest.title}\t{guest.url}")
    lines += ["", "  Each link signs in once, in a browser on this machine; number and password always do.", ""]
    lines += beside(blocks, shutil.get_terminal_size((100, 24)).columns)
    return "\n".join(lines)


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """One start a data directory; the kernel gives the lock back however this process ends."""
    file: IO[str] = open(settings.data_dir / "start.lock", "a+")  # noqa: SIM115 - closed below
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            number = file.read().strip() or "unknown"
            raise CannotStart(
                f"Mingxun runs already with {settings.data_dir} (process {number}). "
                f"Stop it with: kill {number}   or choose another --data."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _end_leftovers(settings: Settings) -> None:
    """End what a killed start left: children whose environment says that they belong to this data directory."""
    ours = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == str(settings.data_dir):
                ours.append(process)
    for process in ours:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(ours, timeout=3)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=3)


def _check_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except PermissionError as error:
            raise CannotStart(f"Port {settings.port} is reserved for root. Choose another: --port 8321") from error
        except OSError as error:
            who = _who_listens(settings.port)
            raise CannotStart(
                f"Port {settings.port} on {settings.host} is taken{f' by {who}' if who else ''} ({error.strerror}). "
                f"End that, or choose another port: --port {settings.port + 1}"
            ) from error


def _who_listens(port: int) -> str:
    """Name the process on the port, if we may know it."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port and connection.pid:
                process = psutil.Process(connection.pid)
                return f"process {process.pid} ({' '.join(process.cmdline())[:80]})"
    return ""


def _wait_until_ready(settings: Settings, database: Database, parts: list[Part], stop: threading.Event) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/readyz"
    until = time.monotonic() + READY_WITHIN
    while not stop.wait(LOOK):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as reply:
            if reply.status == 200:
                return
        database.watch()
        for part in parts:
            part.watch()
            if part.deaths >= 3:
                raise CannotStart(f"{part.name} ends as soon as it is started. The end of {part.log}:\n{_tail(part.log)}")
        if time.monotonic() > until:
            raise CannotStart(
                f"The server did not become ready within {READY_WITHIN:.0f} s. The end of {parts[0].log}:\n{_tail(parts[0].log)}"
            )


def _trim(log: Path) -> None:
    """Put a long log aside. Whoever writes it appends, so it may be cut under their hands."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            shutil.copyfile(log, log.with_suffix(".old.log"))
            os.truncate(log, 0)


def _tail(log: Path, lines: int = 15) -> str:
    with contextlib.suppress(FileNotFoundError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return "(empty)"


def _how(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"


@click.command(help="Set Mingxun up and run it until Ctrl-C.")
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen (default: 8321).")
@click.option("--data", type=click.Path(path_type=Path), help="Where everything is kept (default: ./data).")
@click.option("--no-demo", is_flag=True, help="Without the demonstration neighbourhood.")
def main(port: int | None, data: Path | None, no_demo: bool) -> None:
    try:
        run(read_settings(data, port=port), demo=not no_demo)
    except (CannotStart, NotReady, PostgresFailed, SettingsError, BrokenKey) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
