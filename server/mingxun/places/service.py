"""Locations: making, changing, re-keying and finding them. The caller holds the transaction."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.areas import AreaRow, load_area
from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch, fetch_row, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.paging import Cursor, page_of
from mingxun.kit.problems import NotFound
from mingxun.ledger import record
from mingxun.places.codes import new_number
from mingxun.places.facts import LocationChanged, LocationCreated, LocationRekeyed
from mingxun.places.problems import PlatesUsedUp
from mingxun.places.rules import Location, next_plate, placed, tidy_plate
from mingxun.places.schemas import CreateLocation, Datum, UpdateLocation
from mingxun.places.tables import LocationRow

if TYPE_CHECKING:
    from asyncpg import Record

ORDER = "(lpad(substring(l.plate FROM '^[0-9]*'), 4, '0') || coalesce(substring(l.plate FROM '[A-Z].*$'), '')) COLLATE \"C\""
"""Plates as people count: 2 before 10, 12 before 12A before 13. The index `location_order` holds this very expression."""

COLUMNS = (
    "l.id, l.neighbourhood, l.area, a.name AS area_name, l.plate, l.name, l.address, l.latitude, l.longitude, l.source_datum,"
    " l.fence_radius, l.key_version, k.number"
)
SOURCE = "location l JOIN area a ON a.id = l.area JOIN location_key k ON k.location = l.id AND k.version = l.key_version"

_TRIES = 50
"""With 60 locations re-keyed ten times each, 600 of 900,000 numbers are gone: even three tries never fail."""


async def load_location(location: UUID, neighbourhood: UUID | None = None) -> Location:
    """One location. Raises NotFound, also when it is not in `neighbourhood`; who may see it is the caller's question."""
    row = await fetch_row(
        f"SELECT {COLUMNS} FROM {SOURCE} WHERE l.id = $1 AND ($2::uuid IS NULL OR l.neighbourhood = $2)", location, neighbourhood
    )
    if row is None:
        raise NotFound("There is no such location, or not for you.")
    return location_of(row)


async def list_locations(
    neighbourhood: UUID, *, query: str | None, cursor: str | None, limit: int
) -> tuple[list[Location], str | None]:
    """A page of a neighbourhood's locations in the order of their plates, and the next page's cursor.

    `query` is looked for in names and addresses, and must equal a plate. Raises BadCursor.
    """
    after, after_id = Cursor.decode(cursor, str, UUID) if cursor else (None, None)
    wanted = (query or "").strip()
    pattern = "%" + wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if wanted else None
    rows = await fetch(
        f"""SELECT {COLUMNS}, {ORDER} AS place_in_order FROM {SOURCE}
            WHERE l.neighbourhood = $1
              AND ($2::text IS NULL OR ({ORDER}, l.id) > ($2 COLLATE "C", $3::uuid))
              AND ($4::text IS NULL OR l.name ILIKE $4 OR l.address ILIKE $4 OR l.plate = $5)
            ORDER BY {ORDER}, l.id LIMIT $6""",
        neighbourhood,
        after,
        after_id,
        pattern,
        tidy_plate(wanted),
        limit + 1,
    )
    page, more = page_of(rows, limit)
    return [location_of(row) for row in page], Cursor.encode(page[-1]["place_in_order"], page[-1]["id"]) if more else None


async def all_locations(neighbourhood: UUID) -> list[Location]:
    """All of a neighbourhood's locations in the order of their plates: some dozens, at most some hundreds."""
    rows = await fetch(f"SELECT {COLUMNS} FROM {SOURCE} WHERE l.neighbourhood = $1 ORDER BY {ORDER}, l.id", neighbourhood)
    return [location_of(row) for row in rows]


async def create_location(neighbourhood: UUID, wanted: CreateLocation, *, actor: UUID, clock: Clock) -> Location:
    """Add a location with its first key and number.

    Raises NotFound when the area is not in the neighbourhood; PlateTaken, LocationNameTaken; PlatesUsedUp.
    Locks the neighbourhood's row when it has to choose a plate, so that two who add at once don't choose the same.
    """
    area = await area_in(neighbourhood, wanted.area)
    at, identity = clock.now(), new_id()
    plate = await _free_plate(neighbourhood) if wanted.plate is None else tidy_plate(wanted.plate)
    latitude, longitude, datum = placed(wanted.position) if wanted.position else (None, None, None)
    await LocationRow.insert(
        LocationRow(
            id=identity,
            neighbourhood=neighbourhood,
            area=area.id,
            plate=plate,
            name=wanted.name.strip(),
            address=wanted.address.strip(),
            latitude=latitude,
            longitude=longitude,
            source_datum=datum.value if datum else None,
            fence_radius=wanted.fence_radius,
            key_version=1,
            made_at=at,
        )
    ).run()
    await _give_number(identity, 1, neighbourhood, at)
    fact = LocationCreated(neighbourhood=neighbourhood, subject=identity, area=area.id, plate=plate, name=wanted.name.strip())
    await record(fact, actor=actor, at=at)
    return await load_location(identity)


async def update_location(location: UUID, wanted: UpdateLocation, *, actor: UUID, clock: Clock) -> Location:
    """Change what `wanted` names; a change that changes nothing leaves no trace.

    Raises NotFound (also for an area elsewhere), LocationNameTaken. Locks the location's row.
    """
    await _lock(location)
    before = await load_location(location)
    changes: dict[str, str | int | float | None] = {}
    if wanted.name is not None:
        changes["name"] = wanted.name.strip()
    if wanted.address is not None:
        changes["address"] = wanted.address.strip()
    if wanted.fence_radius is not None:
        changes["fence_radius"] = wanted.fence_radius
    if wanted.area is not None:
        changes["area"] = str((await area_in(before.neighbourhood, wanted.area)).id)
    if wanted.position is not None:
        changes["latitude"], changes["longitude"], datum = placed(wanted.position)
        changes["source_datum"] = datum.value
    old = {name: _plain(getattr(before, name)) for name in changes}
    changes = {name: value for name, value in changes.items() if old[name] != value}
    if not changes:
        return before
    await (
        LocationRow.update({name: UUID(str(value)) if name == "area" else value for name, value in changes.items()})
        .where(LocationRow.id == location)
        .run()
    )
    fact = LocationChanged(
        neighbourhood=before.neighbourhood, subject=location, before={name: old[name] for name in changes}, after=changes
    )
    await record(fact, actor=actor, at=clock.now())
    return await load_location(location)


async def rekey_location(location: UUID, *, actor: UUID, clock: Clock) -> Location:
    """Make every code and the number shown there so far invalid, and give new ones.

    Raises NotFound. Locks the location's row: of two who re-key at once, each gets a version of their own.
    """
    await _lock(location)
    before, at = await load_location(location), clock.now()
    version = before.key_version + 1
    await execute("UPDATE location_key SET retired_at = $2 WHERE location = $1 AND retired_at IS NULL", location, at)
    await _give_number(location, version, before.neighbourhood, at)
    await LocationRow.update({LocationRow.key_version: version}).where(LocationRow.id == location).run()
    fact = LocationRekeyed(
        neighbourhood=before.neighbourhood, subject=location, old_version=before.key_version, new_version=version
    )
    await record(fact, actor=actor, at=at)
    return await load_location(location)


async def area_in(neighbourhood: UUID, area: UUID) -> AreaRow:
    """The neighbourhood itself or an area below it. Raises NotFound for any other."""
    found = await load_area(area)
    if found.neighbourhood != neighbourhood:
        raise NotFound("There is no such area in this neighbourhood.")
    return found


def location_of(row: "Record") -> Location:
    """A row of COLUMNS."""
    return Location(
        id=row["id"],
        neighbourhood=row["neighbourhood"],
        area=row["area"],
        area_name=row["area_name"],
        plate=row["plate"],
        name=row["name"],
        address=row["address"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        source_datum=Datum(row["source_datum"]) if row["source_datum"] else None,
        fence_radius=row["fence_radius"],
        key_version=row["key_version"],
        number=row["number"],
    )


async def _lock(location: UUID) -> None:
    if await fetch_value("SELECT 1 FROM location WHERE id = $1 FOR NO KEY UPDATE", location) is None:
        raise NotFound("There is no such location, or not for you.")


async def _free_plate(neighbourhood: UUID) -> str:
    await execute("SELECT 1 FROM area WHERE id = $1 FOR NO KEY UPDATE", neighbourhood)
    rows = await fetch("SELECT plate FROM location WHERE neighbourhood = $1", neighbourhood)
    plate = next_plate(row["plate"] for row in rows)
    if plate is None:
        raise PlatesUsedUp
    return plate


async def _give_number(location: UUID, version: int, neighbourhood: UUID, at: datetime) -> None:
    """Draw until a number was never used in the neighbourhood; the unique constraint knows, even of those made just now."""
    for _ in range(_TRIES):
        made = await fetch_value(
            """INSERT INTO location_key (location, version, neighbourhood, number, made_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT ON CONSTRAINT location_key_number DO NOTHING RETURNING number""",
            location,
            version,
            neighbourhood,
            new_number(),
            at,
        )
        if made is not None:
            return
    raise RuntimeError("no free six-digit number was found")


def _plain(value: object) -> str | int | float | None:
    if value is None or isinstance(value, int | float):
        return value
    return value.value if isinstance(value, Datum) else str(value)
