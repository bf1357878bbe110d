"""What the command line does in people's stead, on names instead of ids. Whoever can run it owns the installation."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from mingxun.areas import AreaKind, AreaRow, create_area, load_area, neighbourhoods_below
from mingxun.installation import UnknownName
from mingxun.kit.clock import SystemClock
from mingxun.kit.database import execute, fetch, transaction
from mingxun.kit.ids import new_id
from mingxun.kit.settings import Settings
from mingxun.kit.signing import load_or_make
from mingxun.people import Actor, ActorMembership, Language, Role, leaving
from mingxun.people.invitations import create_invitation, invite_administrator
from mingxun.people.roster import service as roster
from mingxun.people.roster.service import MAX_BYTES
from mingxun.people.schemas import CreateInvitation, NewInvitation, RosterImported, RosterPreview, RowFate
from mingxun.places.printing import load_posters


@dataclass(frozen=True, slots=True)
class Wanted:
    """An invitation as written on the command line."""

    role: str
    area: str
    name: str
    party: str | None
    neighbourhood: str | None
    subdistrict: str | None
    """Below which the neighbourhood `area` is made if it is not there."""
    days: int


async def invite_by_name(wanted: Wanted, settings: Settings) -> NewInvitation:
    """Make the link. The first administrator of a subdistrict brings it into being. Raises UnknownName and the service's own."""
    try:
        role = Role(wanted.role)
    except ValueError as error:
        raise UnknownName(f"There is no role {wanted.role!r}. Roles: {', '.join(Role)}.") from error
    clock = SystemClock()
    async with transaction():
        if role is Role.SUBDISTRICT_ADMIN:
            subdistrict = await _subdistrict(wanted.area) or await create_area(
                kind=AreaKind.SUBDISTRICT, name=wanted.area, parent=None, at=clock.now(), actor=None
            )
            life = timedelta(days=wanted.days)
            return await invite_administrator(wanted.name, subdistrict.id, life=life, settings=settings, clock=clock)
        if wanted.subdistrict is not None:
            await _see_that_there_is(wanted.area, wanted.subdistrict)
        area = await _area(wanted.area, wanted.neighbourhood)
        if area.neighbourhood is None:
            raise UnknownName(f"{area.name} is a subdistrict: only subdistrict_admin is held there.")
        party = await _party(area.neighbourhood, wanted.party) if wanted.party else None
        data = CreateInvitation(name=wanted.name, role=role, area=area.id, party=party, valid_hours=wanted.days * 24)
        actor = await _administrator(area)
        return await create_invitation(actor, area.neighbourhood, data, settings=settings, clock=clock)


async def disable_numbers(numbers: Sequence[str], *, even_the_last: bool) -> list[str]:
    """Shut the accounts that sign in with these numbers, all or none; whose they are. Raises what the service raises."""
    async with transaction():
        return [await leaving.disable_number(number, even_the_last=even_the_last, clock=SystemClock()) for number in numbers]


async def enable_numbers(numbers: Sequence[str]) -> list[str]:
    """Open these accounts again, all or none; whose they are. Raises what the service raises."""
    async with transaction():
        return [await leaving.enable_number(number, clock=SystemClock()) for number in numbers]


async def preview_roster(file: Path, neighbourhood: str) -> tuple[RosterPreview, Actor]:
    """What importing the file would do, and in whose name. Raises UnknownName and what the service raises."""
    data = await asyncio.to_thread(file.read_bytes)
    if len(data) > MAX_BYTES:
        raise UnknownName(f"{file} is larger than {MAX_BYTES >> 20} MiB: that is no roster.")
    clock = SystemClock()
    read = await roster.read_file(data, clock=clock)
    async with transaction():
        home = await _neighbourhood(neighbourhood)
        actor = await _administrator(home)
        return await roster.preview(actor, home.id, file.name, read, clock=clock), actor


async def confirm_roster(preview: RosterPreview, actor: Actor) -> RosterImported:
    """Do what the preview said. Raises what the service raises."""
    async with transaction():
        return await roster.confirm(actor, preview.id, clock=SystemClock())


def describe(preview: RosterPreview) -> str:
    """The preview for a terminal: what happens to how many rows, and every row with something to say about it."""
    counts = Counter(preview.counts)
    words = ("new", "changed", "as they are", "twice in the file", "refused")
    fates = (RowFate.NEW, RowFate.CHANGED, RowFate.SAME, RowFate.DUPLICATE, RowFate.REFUSED)
    lines = [f"{preview.file_name}: " + ", ".join(f"{counts[fate]} {word}" for fate, word in zip(fates, words, strict=True))]
    if preview.new_buildings:
        lines.append(f"New buildings: {'、'.join(preview.new_buildings)}")
    if preview.ignored_columns:
        lines.append(f"Columns left out: {'、'.join(preview.ignored_columns)}")
    for row in preview.rows:
        said = [problem.text for problem in row.problems]
        said += [f"{change.field}: {change.before or '–'} → {change.after}" for change in row.changes]
        if said:
            lines.append(f"  row {row.row} {row.name} ({row.fate}): {'; '.join(said)}")
    return "\n".join(lines)


async def posters_of(neighbourhood: str, location: str | None, settings: Settings) -> bytes:
    """The posters as PDF. Raises UnknownName, NotFound."""
    async with transaction():
        home = await _neighbourhood(neighbourhood)
        chosen: UUID | None = None
        if location is not None:
            rows = await fetch("SELECT id, name, plate FROM location WHERE neighbourhood = $1 ORDER BY plate", home.id)
            fitting = [row["id"] for row in rows if location in {row["name"], row["plate"]}]
            if len(fitting) != 1:
                there = "、".join(f"{row['plate']} {row['name']}" for row in rows)
                raise UnknownName(f"There is no location {location!r} in {home.name}. There are: {there or 'none'}.")
            chosen = fitting[0]
        keys = load_or_make(settings.data_dir)
        run = await load_posters(home.id, chosen, keys=keys, public_url=settings.public_url)
    return await asyncio.to_thread(run.pdf)


async def _administrator(area: AreaRow) -> Actor:
    """Somebody who may do it all there: a serving administrator of the subdistrict, in whose name it is recorded.

    Raises UnknownName when there is none yet.
    """
    rows = await fetch(
        """SELECT m.id, m.person, m.area FROM membership m JOIN account a ON a.person = m.person AND a.disabled_at IS NULL
           WHERE m.role = 'subdistrict_admin' AND m.area = $1 AND m.ended_at IS NULL ORDER BY m.from_at, m.id LIMIT 1""",
        area.path[0],
    )
    if not rows or area.neighbourhood is None:
        raise UnknownName(
            "The subdistrict has no administrator yet, in whose name this would be recorded. First: "
            "mingxun invite --role subdistrict_admin --area SUBDISTRICT --name NAME, and let them follow the link."
        )
    membership = ActorMembership(
        id=rows[0]["id"],
        role=Role.SUBDISTRICT_ADMIN,
        area=rows[0]["area"],
        path=(rows[0]["area"],),
        party=None,
        neighbourhoods=frozenset({area.neighbourhood}),
    )
    return Actor(person=rows[0]["person"], session=new_id(), language=Language.ZH, memberships=(membership,))


async def _see_that_there_is(neighbourhood: str, subdistrict: str) -> None:
    """Make the neighbourhood unless it is there. The app can't: nobody has a role in what is not there yet."""
    above = await _subdistrict(subdistrict)
    if above is None:
        rows = await fetch("SELECT name FROM area WHERE kind = 'subdistrict' ORDER BY name")
        there = "、".join(row["name"] for row in rows) or "none; invite a subdistrict_admin first"
        raise UnknownName(f"There is no subdistrict {subdistrict!r}. There are: {there}.")
    if neighbourhood.strip() not in {area.name for area in await neighbourhoods_below(above.id)}:
        await create_area(kind=AreaKind.NEIGHBOURHOOD, name=neighbourhood, parent=above, at=SystemClock().now(), actor=None)


async def _subdistrict(name: str) -> AreaRow | None:
    """Locks the tree's roots, so that two who bring the same one into being don't make two."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended('mingxun subdistricts', 0))")
    rows = await fetch("SELECT id FROM area WHERE kind = 'subdistrict' AND name = $1", name.strip())
    return await load_area(rows[0]["id"]) if rows else None


async def _neighbourhood(name: str) -> AreaRow:
    rows = await fetch("SELECT id, name FROM area WHERE kind = 'neighbourhood' ORDER BY name, id")
    fitting = [row["id"] for row in rows if row["name"] == name.strip()]
    if len(fitting) != 1:
        there = "、".join(sorted({row["name"] for row in rows})) or "none; mingxun invite --subdistrict makes one"
        raise UnknownName(f"There is {'no' if not fitting else 'more than one'} neighbourhood {name!r}. There are: {there}.")
    return await load_area(fitting[0])


async def _area(name: str, neighbourhood: str | None) -> AreaRow:
    within = (await _neighbourhood(neighbourhood)).id if neighbourhood else None
    rows = await fetch(
        """SELECT a.id, n.name AS home FROM area a LEFT JOIN area n ON n.id = a.neighbourhood
           WHERE a.name = $1 AND ($2::uuid IS NULL OR a.neighbourhood = $2)""",
        name.strip(),
        within,
    )
    if len(rows) != 1:
        homes = "、".join(sorted({row["home"] or "" for row in rows}))
        hint = f" Say in which neighbourhood: --neighbourhood ({homes})." if rows else ""
        raise UnknownName(f"There is {'no' if not rows else 'more than one'} area {name!r}.{hint}")
    return await load_area(rows[0]["id"])


async def _party(neighbourhood: UUID, name: str) -> UUID:
    rows = await fetch("SELECT id, name FROM party WHERE neighbourhood = $1 ORDER BY name", neighbourhood)
    for row in rows:
        if row["name"] == name.strip():
            return UUID(str(row["id"]))
    there = "、".join(row["name"] for row in rows) or "none yet"
    raise UnknownName(f"There is no party {name!r} in this neighbourhood. There are: {there}.")
