"""The command `mingxun`. Features are imported where they are used, so that every command starts at once."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mingxun.kit.settings import Settings

data_option = click.option(
    "--data", type=click.Path(path_type=Path), help="The data directory (default: $MINGXUN_DATA_DIR, or ./data)."
)


class Commands(click.Group):
    """Turns what is known to go wrong into one sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        from asyncpg import InterfaceError, PostgresError

        from mingxun.installation import NotReady
        from mingxun.kit.postgres import PostgresFailed
        from mingxun.kit.problems import Problem
        from mingxun.kit.settings import SettingsError
        from mingxun.kit.signing import BrokenKey

        try:
            return super().invoke(ctx)
        except (NotReady, PostgresFailed, SettingsError, BrokenKey) as error:
            raise click.ClickException(str(error)) from error
        except Problem as error:
            raise click.ClickException(error.detail) from error
        except (PostgresError, InterfaceError, ConnectionError) as error:
            raise click.ClickException(f"The database: {error}. What is wrong: mingxun doctor") from error
        except OSError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands)
def main() -> None:
    """明巡: shifts, check-ins, and every issue carried until someone has seen it fixed."""


@main.command()
@data_option
@click.option("--host", help="The address to listen on (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on (default: 8321).")
def serve(data: Path | None, host: str | None, port: int | None) -> None:
    """Run the web service."""
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels
    from granian.server import Server

    from mingxun.installation import environment_of, read_settings, running_database

    settings = read_settings(data, host=host, port=port)
    os.environ.update(environment_of(settings))  # its processes read the settings again
    with running_database(settings):
        Server(
            "mingxun.app:create_app",
            factory=True,
            interface=Interfaces.ASGI,
            loop=Loops.uvloop,
            address=settings.host,
            port=settings.port,
            workers=settings.processes,
            websockets=False,
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
            respawn_interval=0.5,
            workers_kill_timeout=10,
        ).serve()


@main.command()
@data_option
def worker(data: Path | None) -> None:
    """Run the jobs: messages, deadlines, cleaning up."""
    from mingxun.installation import read_settings, running_database
    from mingxun.worker import run_worker

    settings = read_settings(data)
    with running_database(settings):
        asyncio.run(run_worker(settings))


@main.command()
@data_option
def migrate(data: Path | None) -> None:
    """Bring the database to the tables of this version."""
    from mingxun.installation import read_settings
    from mingxun.kit.migrate import migrate as run_migrations

    ran = _with_database(read_settings(data), run_migrations(), migrated=False)
    click.echo("\n".join(ran) if ran else "The database is up to date.")


@main.command()
@data_option
def demo(data: Path | None) -> None:
    """Make the demonstration neighbourhood, with a week of life around today, unless it is there."""
    from mingxun.demo import make_demonstration
    from mingxun.installation import read_settings

    settings = read_settings(data)
    made = _with_database(settings, make_demonstration(settings))
    click.echo("Made the demonstration neighbourhood." if made else "The demonstration neighbourhood is there already.")


@main.command()
@data_option
def doctor(data: Path | None) -> None:
    """Say what is wrong with this installation, and how to mend it. Ends with 1 if anything is."""
    from mingxun.doctor import examine, report
    from mingxun.installation import data_dir

    errors = report(examine(data_dir(data)), click.echo)
    click.echo(f"\n{errors} thing(s) to mend." if errors else "\nNothing is wrong.")
    if errors:
        raise SystemExit(1)


def _with_database(settings: "Settings", work: Coroutine[Any, Any, Any], *, migrated: bool = True) -> Any:
    """Run `work` with a pool to the database, which is started for it if it does not run."""
    from mingxun.installation import connected, running_database
    from mingxun.kit.signing import load_or_make

    async def run(dsn: str) -> Any:
        async with connected(dsn, migrated=migrated):
            return await work

    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        load_or_make(settings.data_dir)
        with running_database(settings) as dsn:
            return asyncio.run(run(dsn))
    finally:
        work.close()


if __name__ == "__main__":
    sys.exit(main(prog_name="mingxun"))
