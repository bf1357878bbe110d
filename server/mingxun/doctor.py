"""What is wrong with this installation, and how to mend it."""

import asyncio
import os
import pwd
import re
import shutil
import socket
import stat
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg
from packaging.requirements import Requirement

from mingxun.demo.residents import GUESTS, MORE_ACCOUNTS
from mingxun.findings import Finding, error, ok, warning
from mingxun.installation import CHECKOUT, connected, read_settings, running_database
from mingxun.kit.clock import SystemClock
from mingxun.kit.database import transaction
from mingxun.kit.job_tables import SETTINGS as QUEUE
from mingxun.kit.migrate import pending
from mingxun.kit.postgres import EmbeddedPostgres, PostgresFailed
from mingxun.kit.settings import Settings, SettingsError, unknown_variables
from mingxun.kit.signing import BrokenKey, load_or_make

if TYPE_CHECKING:
    from mingxun.notifications import PushHealth

OLDEST_POSTGRES = 150000
"""As PostgreSQL numbers itself; what the SQL here was written for."""
EXTENSIONS = ("btree_gist",)
DISK_WARNING, DISK_ERROR = 2 << 30, 256 << 20
"""Bytes free; PostgreSQL stops taking writes when there are none."""
CLOCK_WARNING = 2.0
"""Seconds between this clock and the database's; rotating codes change every 30."""
JOB_LATE = 60.0
"""Seconds after which a waiting job means that no worker does its duty: a dead worker's jobs are taken within a minute."""
PRIVATE_SUFFIXES = (".local", ".localhost", ".localdomain", ".internal", ".lan", ".test", ".example", ".invalid")


def examine(data_dir: Path) -> Iterator[Finding]:
    """Look at everything, one finding after the other. Changes nothing; a stopped embedded PostgreSQL is started for the look."""
    yield from check_python()
    yield from check_packages(CHECKOUT / "requirements.lock")
    yield from check_app(CHECKOUT / "pwa" / "dist")
    try:
        settings = read_settings(data_dir)
    except SettingsError as problem:
        yield error(str(problem), "Mend that setting, then run mingxun doctor again.")
        return
    yield from check_variables()
    yield from check_addresses(settings)
    if not data_dir.is_dir():
        yield error(
            f"There is no data directory {data_dir}.",
            f"Make it with: scripts/start --data {data_dir}   (or name another: --data)",
        )
        return
    yield from check_data_dir(data_dir)
    yield from check_keys(data_dir)
    yield from check_disk(data_dir)
    serves = answers(settings)
    yield from check_port(settings, serves=serves)
    yield from check_database(settings, serves=serves)


def check_python(running: tuple[int, int] = sys.version_info[:2]) -> Iterator[Finding]:
    name = f"Python {running[0]}.{running[1]}"
    if running < (3, 11):
        yield error(f"{name} is too old.", "Install Python 3.11 or newer, remove .venv, and run scripts/start.")
    else:
        yield ok(f"{name}.")


def check_packages(lock: Path) -> Iterator[Finding]:
    """Whether what is installed is what the lock file says."""
    if not lock.is_file():
        yield warning(f"There is no {lock}, so the packages can't be compared.", "Run Mingxun from its source tree.")
        return
    missing, other, same = [], [], 0
    for line in re.findall(r"^[A-Za-z0-9][^\\\n]*", lock.read_text(), re.MULTILINE):
        wanted = Requirement(line.strip())
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            missing.append(wanted.name)
            continue
        if wanted.specifier.contains(found, prereleases=True):
            same += 1
        else:
            other.append(f"{wanted.name} {found}")
    mend = "Run scripts/start, which installs what the lock file says; if that does not help, remove .venv first."
    if missing:
        yield error(f"Packages are missing: {', '.join(missing)}.", mend)
    if other:
        yield warning(f"Packages differ from {lock.name}: {', '.join(other)}.", mend)
    if not missing and not other:
        yield ok(f"{same} packages, as {lock.name} says.")


def check_app(dist: Path) -> Iterator[Finding]:
    if (dist / "index.html").is_file():
        yield ok("The app is built.")
    else:
        yield error(f"The app is not built: there is no {dist / 'index.html'}.", "Run scripts/start, which builds it.")


def check_variables(environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Whether every variable that looks like a setting is one."""
    for sentence in unknown_variables(environ):
        yield warning(sentence, "Correct its name, or unset it; the settings are in docs/operations.md.")


def check_addresses(settings: Settings) -> Iterator[Finding]:
    """Whether phones can reach and trust the address, and push services may know whom to write to."""
    parts = urlsplit(settings.public_url)
    local = settings.local
    if parts.scheme == "https":
        yield ok(f"Phones reach it at {settings.public_url}.")
        if not settings.trusted_proxies:
            yield warning(
                "trusted_proxies is empty: behind the TLS proxy all phones seem to be one address, and share its limits on guessing.",
                'Set trusted_proxies = ["127.0.0.1"] (the proxy\'s address) in mingxun.toml.',
            )
    elif local:
        yield warning(
            f"public_url is {settings.public_url}: that works on this machine only.",
            'For phones, put a TLS proxy in front and set public_url = "https://…" in mingxun.toml (docs/operations.md).',
        )
    else:
        yield error(
            f"public_url is {settings.public_url}: over plain HTTP a phone gives no camera, no position and no push.",
            'Put a TLS proxy in front and set public_url = "https://…" in mingxun.toml (docs/operations.md).',
        )
    if settings.host in {"0.0.0.0", "::"} and parts.scheme != "https":  # noqa: S104
        yield warning(
            f"It listens on {settings.host} without TLS: passwords cross the network readable.",
            'Set host = "127.0.0.1" and let the TLS proxy reach it there.',
        )
    subject = settings.vapid_subject
    host = subject.rpartition("@")[2] if subject.startswith("mailto:") else (urlsplit(subject).hostname or "")
    if "." not in host or host.endswith(PRIVATE_SUFFIXES):
        yield (warning if local else error)(
            f"vapid_subject is {subject}: Apple refuses push messages whose sender can't be written to.",
            'Set vapid_subject = "mailto:you@your-domain" in mingxun.toml.',
        )
    else:
        yield ok(f"Push services may write to {subject}.")


def check_data_dir(data_dir: Path) -> Iterator[Finding]:
    found = data_dir.stat()
    if found.st_uid != os.geteuid():
        owner = _name(found.st_uid)
        yield error(
            f"{data_dir} belongs to {owner}, and this is {_name(os.geteuid())}.",
            f"Run Mingxun as {owner}, or: chown -R {_name(os.geteuid())} {data_dir}   (all but postgres/, if this is root)",
        )
    elif stat.S_IMODE(found.st_mode) & 0o066:
        yield error(
            f"{data_dir} can be listed or changed by others (mode {stat.S_IMODE(found.st_mode):o}).", f"chmod go-rw {data_dir}"
        )
    elif not os.access(data_dir, os.W_OK):
        yield error(f"{data_dir} can't be written.", f"chmod u+rwx {data_dir}   (or mount the disk writable)")
    else:
        yield ok(f"The data directory {data_dir} is ours alone.")


def check_keys(data_dir: Path) -> Iterator[Finding]:
    folder = data_dir / "keys"
    files = sorted(folder.glob("[!.]*")) if folder.is_dir() else []
    if len(files) < 2:
        yield error(
            f"There are no keys in {folder}.",
            "If this installation ran before, put them back from the backup: new keys make every printed poster worthless. "
            "If it is new, scripts/start makes them.",
        )
        return
    wide = [file for file in files if stat.S_IMODE(file.stat().st_mode) & 0o077]
    for file in wide:
        yield error(f"{file} can be read by others (mode {stat.S_IMODE(file.stat().st_mode):o}).", f"chmod 600 {file}")
    if wide:
        return
    try:
        load_or_make(data_dir)
    except BrokenKey as problem:
        yield error(str(problem), "Put the file back from the backup.")
        return
    yield ok("The keys are there, and only we can read them.")


def check_disk(data_dir: Path, free: int | None = None) -> Iterator[Finding]:
    left = shutil.disk_usage(data_dir).free if free is None else free
    text = f"{left / (1 << 30):.1f} GiB are free for {data_dir}."
    mend = f"Make room on that disk: photos ({data_dir / 'photos'}) and logs ({data_dir / 'logs'}) take the most."
    if left < DISK_ERROR:
        yield error(text, mend)
    elif left < DISK_WARNING:
        yield warning(text, mend)
    else:
        yield ok(text)


def answers(settings: Settings) -> bool:
    """Whether a Mingxun serves on the port."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.port}/healthz", timeout=3) as reply:
            return bool(reply.read(16) == b"ok")
    except (OSError, ValueError):
        return False


def check_port(settings: Settings, *, serves: bool) -> Iterator[Finding]:
    if serves:
        yield ok(f"The server answers on port {settings.port}.")
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as problem:
            yield error(
                f"Something that is not Mingxun has port {settings.port} ({problem.strerror}).",
                f"End it (who it is: ss -ltnp 'sport = :{settings.port}'), or set another port in mingxun.toml.",
            )
            return
    yield warning(
        f"The server does not run (port {settings.port} is free).", f"Start it: scripts/start --data {settings.data_dir}"
    )


def check_database(settings: Settings, *, serves: bool) -> Iterator[Finding]:
    """Reach the database and look into it."""
    if settings.database_url is None:
        if not EmbeddedPostgres(settings.data_dir).cluster.exists():
            yield error(
                "The embedded PostgreSQL has not been made yet.", f"Start Mingxun once: scripts/start --data {settings.data_dir}"
            )
            return
        if not EmbeddedPostgres(settings.data_dir).answers():
            text = "The embedded PostgreSQL does not run; it is started for this look."
            yield error(text, "Stop the server, and start Mingxun with scripts/start.") if serves else ok(text)
    try:
        with running_database(settings) as dsn:
            yield from asyncio.run(_look_into(dsn, settings, serves=serves))
    except PostgresFailed as problem:
        yield error(str(problem), f"Its log: {EmbeddedPostgres(settings.data_dir).log}")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        yield error(
            f"The database can't be reached: {str(problem) or type(problem).__name__}.",
            "Is it running, and is DATABASE_URL right?" if settings.database_url else "Stop Mingxun, and start it again.",
        )


async def _look_into(dsn: str, settings: Settings, *, serves: bool) -> list[Finding]:
    found: list[Finding] = []
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
        encoding = await connection.fetchval("SHOW server_encoding")
        if number < OLDEST_POSTGRES:
            found.append(error(f"PostgreSQL {number // 10000} is too old.", "Use PostgreSQL 15 or newer, or unset DATABASE_URL."))
        else:
            found.append(ok(f"PostgreSQL {number // 10000}.{number % 10000} answers."))
        if encoding != "UTF8":
            found.append(
                error(
                    f"The database's encoding is {encoding}; names in Chinese need UTF8.",
                    "Make a new one: CREATE DATABASE … ENCODING 'UTF8'",
                )
            )
        available = {row["name"] for row in await connection.fetch("SELECT name FROM pg_available_extensions")}
        if missing := [name for name in EXTENSIONS if name not in available]:
            mend = "Install its contrib package (Debian: postgresql-contrib)."
            found.append(error(f"PostgreSQL lacks the extension {', '.join(missing)}.", mend))
        found += await _check_durability(connection)
        found += await _check_clock(connection)
        has_tables = await connection.fetchval("SELECT to_regclass('migration') IS NOT NULL")
    finally:
        await connection.close()
    async with connected(dsn, migrated=False):
        waiting = await pending()
        health = None if waiting else await _push_health()
    if waiting:
        found.append(
            error(
                f"{len(waiting)} migration(s) have not run: {', '.join(waiting)}.", f"mingxun migrate --data {settings.data_dir}"
            )
        )
    else:
        found.append(ok("The database has the tables of this version."))
    if has_tables and not any(name.startswith("kit:") for name in waiting):
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            found += await _check_jobs(connection, serves=serves)
            if not any(name.startswith("people:") for name in waiting):
                found += await _check_demonstration(connection, settings)
        finally:
            await connection.close()
    if health is not None:
        found += check_push(health)
    return found


async def _push_health() -> "PushHealth":
    from mingxun.notifications import push_health  # late: a package that this needs may be missing, and that is to be said first

    async with transaction():
        return await push_health(now=SystemClock().now())


def check_push(health: "PushHealth") -> Iterator[Finding]:
    """Whether pushes of the last 24 hours reached phones."""
    faults = list(_push_faults(health))
    yield from faults
    if not faults:
        yield ok(
            f"{health.subscriptions} phone(s) take notifications; "
            f"in the last 24 hours {health.accepted} push(es) were accepted and {health.failed} given up."
        )


def _push_faults(health: "PushHealth") -> Iterator[Finding]:
    if health.key_refused:
        yield error(
            f"Push services refused our key for {health.key_refused} push(es) in the last 24 hours: those phones stay silent.",
            'Set vapid_subject = "mailto:you@your-domain" in mingxun.toml. If keys/vapid.pem is another one than before, put the old '
            "one back from the backup; without it, each phone takes the new one when its owner next opens the app.",
        )
    if health.unreachable:
        yield (warning if health.accepted else error)(
            f"No answer to {health.unreachable} push(es) in the last 24 hours from: {', '.join(health.silent_services)}.",
            "Let this machine reach these hosts over https (firewall, proxy). Where it can't, people find their messages in the app, "
            "and coordinators see below each shift whom to call.",
        )
    if health.stuck:
        yield error(
            f"{health.stuck} push(es) have waited for more than ten minutes and were never tried.",
            "See logs/worker.log in the data directory. If the worker runs and can't keep up, start another: mingxun worker",
        )
    if not health.key_refused and not health.unreachable and health.failed > max(10, health.accepted):
        yield warning(
            f"{health.failed} push(es) were given up in the last 24 hours, and only {health.accepted} accepted.",
            "Ask a few people to open 我的 in the app and send themselves a trial message (发一条试试).",
        )


async def _check_durability(connection: "asyncpg.Connection[asyncpg.Record]") -> list[Finding]:
    off = [
        name for name in ("fsync", "synchronous_commit", "full_page_writes") if await connection.fetchval(f"SHOW {name}") == "off"
    ]
    if off:
        mend = "Turn on: " + ", ".join(off) + " (postgresql.conf)."
        return [error(f"PostgreSQL acknowledges writes that a power cut can lose ({', '.join(off)} off).", mend)]
    return []


async def _check_clock(connection: "asyncpg.Connection[asyncpg.Record]") -> list[Finding]:
    before = time.time()
    theirs = float(await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())"))
    apart = theirs - (before + time.time()) / 2
    year = time.gmtime().tm_year
    if year < 2026:
        return [error(f"This machine's clock says {year}.", "Set it: timedatectl set-ntp true")]
    if abs(apart) > CLOCK_WARNING:
        return [
            warning(
                f"The database's clock is {apart:+.1f} s off ours.", "Let both follow a time server: timedatectl set-ntp true"
            )
        ]
    return [ok("The clocks agree.")]


async def _check_jobs(connection: "asyncpg.Connection[asyncpg.Record]", *, serves: bool) -> list[Finding]:
    """Whether a worker does the jobs: one is connected, and none waits that is due."""
    row = await connection.fetchrow(
        f"""WITH due AS (SELECT execute_after FROM {QUEUE.queue_table} WHERE status = 'queued' AND execute_after < now())
            SELECT (SELECT count(*) FROM {QUEUE.queue_table} WHERE status = 'failed') AS failed,
                   (SELECT count(*) FROM due) AS due,
                   coalesce((SELECT extract(epoch FROM now() - min(execute_after)) FROM due), 0) AS late"""
    )
    workers = await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mingxun worker'")
    found: list[Finding] = []
    if row is None:
        return found
    mend = "See logs/worker.log in the data directory; scripts/start starts a worker again when it ends. By hand: mingxun worker"
    if workers == 0 and serves:
        found.append(error("No worker is connected: messages and deadlines wait.", mend))
    elif workers and float(row["late"]) > JOB_LATE:
        found.append(
            error(f"{row['due']} job(s) are due, one for {float(row['late']):.0f} s, though a worker is connected.", mend)
        )
    elif workers:
        found.append(ok(f"{workers} worker connection(s); no job is late."))
    if row["failed"]:
        found.append(
            warning(
                f"{row['failed']} job(s) failed for good and are kept.",
                "The reasons are in logs/worker.log. Once mended: "
                f"UPDATE {QUEUE.queue_table} SET status = 'queued' WHERE status = 'failed'",
            )
        )
    return found


async def _check_demonstration(connection: "asyncpg.Connection[asyncpg.Record]", settings: Settings) -> list[Finding]:
    """Nobody may come in with the password of the demonstration, which is in the source, where everybody can come."""
    numbers = [guest.phone for guest in (*GUESTS, *MORE_ACCOUNTS)]
    rows = await connection.fetch(
        "SELECT phone FROM account WHERE disabled_at IS NULL AND phone = ANY($1) ORDER BY phone", [f"+86{n}" for n in numbers]
    )
    if not settings.secure or not rows:
        return []
    open_ones = " ".join(row["phone"].removeprefix("+86") for row in rows)
    return [
        error(
            f"{len(rows)} account(s) of the demonstration are open to everybody who knows their password, which is published.",
            f"mingxun disable --even-the-last --data {settings.data_dir} {open_ones}",
        )
    ]


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
