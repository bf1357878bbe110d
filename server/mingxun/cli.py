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

        from mingxun.installation import NotReady, UnknownName
        from mingxun.kit.postgres import PostgresFailed
        from mingxun.kit.problems import Problem
        from mingxun.kit.settings import SettingsError
        from mingxun.kit.signing import BrokenKey

        try:
            return super().invoke(ctx)
        except (NotReady, UnknownName, PostgresFailed, SettingsError, BrokenKey) as error:
            raise click.ClickException(str(error)) from error
        except Problem as error:
            members = "".join(f" {name}: {_plain(value)}" for name, value in error.members.items())
            raise click.ClickException(f"{error.detail}{members}") from error
        except BrokenPipeError:
            raise
        except (PostgresError, InterfaceError, ConnectionError) as error:
            raise click.ClickException(f"The database: {error}. What is wrong: mingxun doctor") from error
        except OSError as error:
            raise click.ClickException(str(error)) from error


def _plain(value: object) -> str:
    """A member of a problem, as a sentence takes it."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@click.group(cls=Commands)
def main() -> None:
    """明巡: shifts, check-ins, and every issue carried until someone has seen it fixed."""


@main.command()
@data_option
@click.option("--host", help="The address to listen on (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on (default: 8321).")
def serve(data: Path | None, host: str | None, port: int | None) -> None:
    """Run the web service."""
    from mingxun.installation import environment_of, read_settings, running_database
    from mingxun.kit.signing import load_or_make
    from mingxun.serving import serve as run_server

    settings = read_settings(data, host=host, port=port)
    _say_what_is_unknown()
    load_or_make(settings.data_dir)  # before there is a database that they would seem to be lost for
    os.environ.update(environment_of(settings))  # its processes read the settings again
    with running_database(settings):
        run_server(settings)


@main.command()
@data_option
def worker(data: Path | None) -> None:
    """Run the jobs: messages, deadlines, cleaning up."""
    from mingxun.installation import read_settings, running_database
    from mingxun.kit.signing import load_or_make
    from mingxun.worker import run_worker

    settings = read_settings(data)
    _say_what_is_unknown()
    load_or_make(settings.data_dir)
    with running_database(settings):
        run_worker(settings)


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
    from mingxun.installation import read_settings, require_private

    settings = read_settings(data)
    require_private(settings)
    made = _with_database(settings, make_demonstration(settings))
    click.echo("Made the demonstration neighbourhood." if made else "The demonstration neighbourhood is there already.")


@main.command()
@data_option
@click.option("--role", required=True, help="subdistrict_admin, secretary, coordinator, handler, building_leader or volunteer.")
@click.option("--area", required=True, help="The name of the area; a new subdistrict is made with its first administrator.")
@click.option("--name", required=True, help="The name of the person.")
@click.option("--party", help="Of a handler: the party's name.")
@click.option("--neighbourhood", help="Which neighbourhood, where an area's name is used in several.")
@click.option("--subdistrict", help="Make the neighbourhood --area below this subdistrict, if it is not there.")
@click.option("--days", type=click.IntRange(1, 30), default=7, show_default=True, help="How long the link works.")
def invite(data: Path | None, **words: Any) -> None:
    """Print a link, and its QR code, by which somebody takes up a role."""
    from mingxun.installation import read_settings
    from mingxun.office import Wanted, invite_by_name
    from mingxun.terminal import qr_lines

    settings = read_settings(data)
    made = _with_database(settings, invite_by_name(Wanted(**words), settings))
    click.echo(f"{made.invitation.person_name} · {made.invitation.role} · {made.invitation.area_name}")
    click.echo(f"{made.url}\nWorks once, until {made.invitation.expires_at.astimezone(settings.timezone):%Y-%m-%d %H:%M}.\n")
    click.echo("\n".join(qr_lines(made.url, colour=sys.stdout.isatty())))


@main.command()
@data_option
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER…")
@click.option(
    "--even-the-last", is_flag=True, help="Even the last secretary of a neighbourhood or administrator of a subdistrict."
)
def disable(data: Path | None, numbers: tuple[str, ...], even_the_last: bool) -> None:
    """Shut out whoever signs in with these numbers. Within a second they are signed in nowhere."""
    from mingxun.installation import read_settings
    from mingxun.office import disable_numbers

    for name in _with_database(read_settings(data), disable_numbers(numbers, even_the_last=even_the_last)):
        click.echo(f"{name} can't sign in any more.")


@main.command()
@data_option
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER…")
def enable(data: Path | None, numbers: tuple[str, ...]) -> None:
    """Let whoever signs in with these numbers in again."""
    from mingxun.installation import read_settings
    from mingxun.office import enable_numbers

    for name in _with_database(read_settings(data), enable_numbers(numbers)):
        click.echo(f"{name} can sign in again.")


@main.command("import-roster")
@data_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--neighbourhood", required=True, help="The neighbourhood's name.")
@click.option("--yes", is_flag=True, help="Import without asking.")
def import_roster(data: Path | None, file: Path, neighbourhood: str, yes: bool) -> None:
    """Show what importing a roster (Excel, CSV) would do, ask, and do it."""
    from mingxun.installation import read_settings
    from mingxun.office import confirm_roster, describe, preview_roster

    async def work() -> None:
        preview, actor = await preview_roster(file, neighbourhood)
        click.echo(describe(preview))
        if not yes and not click.confirm("Import?"):
            click.echo("Nothing was changed.")
            return
        done = await confirm_roster(preview, actor)
        click.echo(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged, {done.left_out} left out.")

    _with_database(read_settings(data), work())


@main.command()
@data_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--neighbourhood", required=True, help="The neighbourhood's name.")
@click.option("--location", help="Just this one: its name, or what stands on its plate.")
def posters(data: Path | None, file: Path, neighbourhood: str, location: str | None) -> None:
    """Write the posters of a neighbourhood's locations to a PDF, a page each."""
    from mingxun.installation import read_settings
    from mingxun.office import posters_of

    settings = read_settings(data)
    pages = _with_database(settings, posters_of(neighbourhood, location, settings))
    file.write_bytes(pages)
    click.echo(f"{file}: {len(pages) // 1024} KB.")


@main.command("make-keys")
@data_option
@click.option("--yes", is_flag=True, help="Make them without asking.")
def make_keys(data: Path | None, yes: bool) -> None:
    """Make keys anew that are lost for good. Those that are there stay."""
    from mingxun.installation import read_settings
    from mingxun.kit.signing import load_or_make

    settings = read_settings(data)
    folder = settings.data_dir / "keys"
    lost = [name for name in ("secret.key", "vapid.pem") if not (folder / name).exists()]
    if not lost:
        click.echo(f"The keys are all in {folder}.")
        return
    click.echo(
        "Without the old secret.key all posters must be printed anew; without vapid.pem phones switch notifications on again."
    )
    if yes or click.confirm(f"Make {' and '.join(lost)} anew?"):
        load_or_make(settings.data_dir, anew=True)
        click.echo(f"Made in {folder}. Keep a copy in a safe place.")


@main.command()
@data_option
def doctor(data: Path | None) -> None:
    """Say what is wrong with this installation, and how to mend it. Ends with 1 if anything is."""
    from mingxun.doctor import examine
    from mingxun.findings import report
    from mingxun.installation import data_dir

    errors = report(examine(data_dir(data)), click.echo)
    click.echo(f"\n{errors} thing(s) to mend." if errors else "\nNothing is wrong.")
    if errors:
        raise SystemExit(1)


def _say_what_is_unknown() -> None:
    from mingxun.kit.settings import unknown_variables

    for sentence in unknown_variables():
        click.echo(f"! {sentence}", err=True)


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
