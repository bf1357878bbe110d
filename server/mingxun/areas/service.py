"""Reading and growing the tree; the caller holds the transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from mingxun.areas.facts import AreaCreated
from mingxun.areas.problems import AreaMisplaced
from mingxun.areas.schemas import AreaKind, AreaOut
from mingxun.kit.database import execute_many, fetch, fetch_row
from mingxun.kit.ids import new_id
from mingxun.kit.problems import NotFound
from mingxun.ledger import record

if TYPE_CHECKING:
    from asyncpg import Record


class AreaRow(msgspec.Struct, frozen=True, kw_only=True):
    """One area, with the way down to it."""

    id: UUID
    parent: UUID | None
    kind: AreaKind
    name: str
    path: tuple[UUID, ...]
    """From the subdistrict to the area itself."""
    neighbourhood: UUID | None
    phone: str

    def out(self) -> AreaOut:
        """As the API shows it."""
        return AreaOut(id=self.id, parent=self.parent, kind=self.kind, name=self.name)


_COLUMNS = "id, parent, kind, name, path, neighbourhood, phone"


async def load_area(area: UUID) -> AreaRow:
    """One area. Raises NotFound; whether the reader may see it is the caller's question."""
    row = await fetch_row(f"SELECT {_COLUMNS} FROM area WHERE id = $1", area)
    if row is None:
        raise NotFound("There is no such area, or not for you.")
    return _area(row)


async def areas_of(neighbourhood: UUID) -> list[AreaRow]:
    """The neighbourhood and all below it, parents before children, then by name. Empty if there is none."""
    rows = await fetch(f"SELECT {_COLUMNS} FROM area WHERE neighbourhood = $1 ORDER BY cardinality(path), name", neighbourhood)
    return [_area(row) for row in rows]


async def neighbourhoods_below(subdistrict: UUID) -> list[AreaRow]:
    """A subdistrict's neighbourhoods, by name."""
    rows = await fetch(f"SELECT {_COLUMNS} FROM area WHERE parent = $1 AND kind = 'neighbourhood' ORDER BY name", subdistrict)
    return [_area(row) for row in rows]


async def create_area(
    *, kind: AreaKind, name: str, parent: AreaRow | None, at: datetime, actor: UUID | None, phone: str = ""
) -> AreaRow:
    """Add one area. Raises AreaMisplaced; AreaExists when the name is taken below this parent."""
    (made,) = await create_areas(kind=kind, names=[name], parent=parent, at=at, actor=actor, phone=phone)
    return made


async def create_areas(
    *, kind: AreaKind, names: Sequence[str], parent: AreaRow | None, at: datetime, actor: UUID | None, phone: str = ""
) -> list[AreaRow]:
    """Add several areas of one kind below one parent. Raises as `create_area`."""
    if (parent is None) != (kind is AreaKind.SUBDISTRICT):
        raise AreaMisplaced
    made = []
    for name in names:
        identity = new_id()
        path = (*(parent.path if parent else ()), identity)
        tenant = None if parent is None else identity if kind is AreaKind.NEIGHBOURHOOD else parent.neighbourhood
        made.append(
            AreaRow(
                id=identity,
                parent=parent.id if parent else None,
                kind=kind,
                name=name.strip(),
                path=path,
                neighbourhood=tenant,
                phone=phone,
            )
        )
    await execute_many(
        f"INSERT INTO area ({_COLUMNS}, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [(a.id, a.parent, a.kind.value, a.name, list(a.path), a.neighbourhood, a.phone, at) for a in made],
    )
    for area in made:
        fact = AreaCreated(neighbourhood=area.neighbourhood, subject=area.id, area_kind=kind, parent=area.parent, name=area.name)
        await record(fact, actor=actor, at=at)
    return made


def _area(row: "Record") -> AreaRow:
    return AreaRow(
        id=row["id"],
        parent=row["parent"],
        kind=AreaKind(row["kind"]),
        name=row["name"],
        path=tuple(row["path"]),
        neighbourhood=row["neighbourhood"],
        phone=row["phone"],
    )
