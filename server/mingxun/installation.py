"""One installation: where its data are, its settings, and its database, made to run for as long as a command needs it."""

import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from mingxun.kit.postgres import EmbeddedPostgres
from mingxun.kit.settings import Settings, load

DEFAULT_PORT = 8321
CHECKOUT = Path(__file__).resolve().parents[2]
"""The root of the source tree that this package runs from."""


class NotReady(Exception):
    """The installation lacks something that the command needs. The text says what to do."""


class UnknownName(Exception):
    """There is none, or more than one, of that name. The text lists what there is."""


def data_dir(chosen: Path | None = None) -> Path:
    """`--data`, or `MINGXUN_DATA_DIR`, or `data` in the source tree."""
    return (chosen or Path(os.environ.get("MINGXUN_DATA_DIR") or CHECKOUT / "data")).expanduser().absolute()


def read_settings(chosen: Path | None = None, *, port: int | None = None, host: str | None = None) -> Settings:
    """The settings of the installation in `chosen`. Another port moves the public URL with it, unless that is set.

    Raises SettingsError.
    """
    place = data_dir(chosen)
    if port is None and (running := running_port(place)) is not None and "MINGXUN_PORT" not in os.environ:
        port = running
    settings = load(place, port=port, host=host)
    if settings.public_url == f"http://localhost:{DEFAULT_PORT}" and settings.port != DEFAULT_PORT:
        settings = load(place, port=port, host=host, public_url=f"http://localhost:{settings.port}")
    return settings


def require_private(settings: Settings) -> None:
    """Raises NotReady where the demonstration may not be: its accounts all have one password, which is in the source."""
    if settings.secure:
        raise NotReady(
            f"The demonstration's accounts have a password that everybody knows, and {settings.public_url} is for everybody. "
            "Start without it: --no-demo   (or take public_url out of mingxun.toml, to try it on this machine)"
        )


def running_port(place: Path) -> int | None:
    """The port of the start that runs with this data directory; it may have been given on its command line. None if none runs."""
    try:
        with open(place / "start.lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        with contextlib.suppress(OSError, ValueError):
            return int((place / "port").read_text())
    except OSError:
        return None
    return None


def environment_of(settings: Settings) -> dict[str, str]:
    """What a process of this installation needs in its environment to have the same settings."""
    return {
        **os.environ,
        "MINGXUN_DATA_DIR": str(settings.data_dir),
        "MINGXUN_PORT": str(settings.port),
        "MINGXUN_HOST": settings.host,
        "MINGXUN_PUBLIC_URL": settings.public_url,
        "PYTHONUNBUFFERED": "1",
    }


@contextlib.contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """The database's DSN. The embedded one is started when it does not run, and stopped afterwards if it was started here.

    Raises PostgresFailed.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = EmbeddedPostgres(settings.data_dir)
    server.start()
    try:
        yield server.dsn
    finally:
        if server.started_here:
            server.stop()


@contextlib.asynccontextmanager
async def connected(dsn: str, *, size: int = 2, migrated: bool = True) -> AsyncIterator[None]:
    """This process with a pool to the database. With `migrated`, raises NotReady when a migration is waiting."""
    from mingxun.kit.database import close_pool, open_pool  # heavy, and a start should be quick
    from mingxun.kit.migrate import pending

    await open_pool(dsn, size=size)
    try:
        if migrated and (waiting := await pending()):
            raise NotReady(f"The database lacks {len(waiting)} migration(s). Run: mingxun migrate")
        yield
    finally:
        await close_pool()
