"""Stays as the API shows them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from mingxun.checkins.records import Scan
from mingxun.checkins.schemas import (
    AttendanceOut,
    AttendancePage,
    Conflict,
    DistanceBand,
    EvidenceOut,
    Flag,
    Grade,
    PlaceVerdict,
)
from mingxun.kit.database import fetch
from mingxun.kit.paging import Cursor, page_of
from mingxun.kit.problems import NotFound

if TYPE_CHECKING:
    from asyncpg import Record


def _evidence(table: str, prefix: str) -> str:
    columns = ("at", "phone_at", "received_at", "grade", "flags", "place", "distance")
    return ", ".join(f"{table}.{column} AS {prefix}_{column}" for column in columns)


_COLUMNS = f"""
    a.id, a.neighbourhood, a.person, p.name AS person_name, a.shift, s.title AS shift_title, a.location,
    l.name AS location_name, l.plate,
    a.arrived_at, a.left_at, a.left_assumed, a.minutes, a.conflict, {_evidence("i", "arrived")}, iv.name AS arrived_vouched_by,
    {_evidence("o", "left")}, ov.name AS left_vouched_by
"""
_JOINS = """
    JOIN person p ON p.id = a.person
    JOIN location l ON l.id = a.location
    LEFT JOIN shift s ON s.id = a.shift
    JOIN evidence i ON i.attendance = a.id AND i.direction = 'in' AND i.counts
    LEFT JOIN person iv ON iv.id = i.vouched_by
    LEFT JOIN evidence o ON o.attendance = a.id AND o.direction = 'out' AND o.counts
    LEFT JOIN person ov ON ov.id = o.vouched_by
"""
_NEWEST_FIRST = "ORDER BY a.arrived_at DESC, a.id DESC"


def evidence_out(scan: Scan, *, vouched_by_name: str | None = None) -> EvidenceOut:
    """Evidence as it was just written."""
    return EvidenceOut(
        at=scan.at,
        phone_at=scan.phone_at,
        received_at=scan.received_at,
        grade=scan.grade,
        flags=scan.flags_in_order,
        place=scan.where.place,
        distance=scan.where.distance,
        vouched_by_name=vouched_by_name,
    )


async def load_attendance(attendance: UUID) -> tuple[UUID, AttendanceOut]:
    """A stay's neighbourhood and the stay. Raises NotFound; whether the reader may see it is the caller's question."""
    rows = await fetch(f"SELECT {_COLUMNS} FROM attendance a {_JOINS} WHERE a.id = $1", attendance)
    if not rows:
        raise NotFound("There is no such check-in, or not for you.")
    return rows[0]["neighbourhood"], _attendance(rows[0])


async def list_attendance(
    neighbourhood: UUID,
    *,
    since: datetime | None,
    until: datetime | None,
    shift: UUID | None,
    person: UUID | None,
    present: bool | None,
    cursor: str | None,
    limit: int,
) -> AttendancePage:
    """A page of stays that began between `since` and `until`, the latest first. Raises BadCursor."""
    sql, args = attendance_list_query(
        neighbourhood, since=since, until=until, shift=shift, person=person, present=present, cursor=cursor, limit=limit
    )
    page, more = page_of(await fetch(sql, *args), limit)
    return AttendancePage(
        items=[_attendance(row) for row in page],
        next_cursor=Cursor.encode(page[-1]["arrived_at"], page[-1]["id"]) if more else None,
    )


def attendance_list_query(
    neighbourhood: UUID,
    *,
    since: datetime | None,
    until: datetime | None,
    shift: UUID | None,
    person: UUID | None,
    present: bool | None,
    cursor: str | None,
    limit: int,
) -> tuple[str, list[Any]]:
    """The list's one statement and its arguments. The page is cut out before anything is joined to it."""
    args: list[Any] = [neighbourhood, limit + 1]
    where = ["a.neighbourhood = $1"]

    def only(condition: str, *values: Any) -> None:
        marks = [f"${len(args) + i}" for i in range(1, len(values) + 1)]
        args.extend(values)
        where.append(condition.format(*marks))

    if since is not None:
        only("a.arrived_at >= {}", since)
    if until is not None:
        only("a.arrived_at < {}", until)
    if shift is not None:
        only("a.shift = {}", shift)
    if person is not None:
        only("a.person = {}", person)
    if present is not None:
        where.append("a.left_at IS NULL" if present else "a.left_at IS NOT NULL")
    if cursor is not None:
        only("(a.arrived_at, a.id) < ({}, {})", *Cursor.decode(cursor, datetime, UUID))
    sql = f"""SELECT {_COLUMNS}
        FROM (SELECT * FROM attendance a WHERE {" AND ".join(where)} {_NEWEST_FIRST} LIMIT $2) a
        {_JOINS} {_NEWEST_FIRST}"""
    return sql, args


async def present_besides(neighbourhood: UUID, expected: list[UUID], *, limit: int) -> list[AttendanceOut]:
    """Everyone who is checked in, but for the stays `expected`; the latest first."""
    rows = await fetch(
        f"""SELECT {_COLUMNS} FROM attendance a {_JOINS}
            WHERE a.neighbourhood = $1 AND a.left_at IS NULL AND a.id <> ALL($2::uuid[]) {_NEWEST_FIRST} LIMIT $3""",
        neighbourhood,
        expected,
        limit,
    )
    return [_attendance(row) for row in rows]


def _attendance(row: "Record") -> AttendanceOut:
    return AttendanceOut(
        id=row["id"],
        person=row["person"],
        person_name=row["person_name"],
        shift=row["shift"],
        shift_title=row["shift_title"],
        location=row["location"],
        location_name=row["location_name"],
        plate=row["plate"],
        arrived=_evidence_of(row, "arrived"),
        left=None if row["left_grade"] is None else _evidence_of(row, "left"),
        left_assumed=row["left_assumed"],
        minutes=row["minutes"],
        conflict=None if row["conflict"] is None else Conflict(row["conflict"]),
    )


def _evidence_of(row: "Record", prefix: str) -> EvidenceOut:
    return EvidenceOut(
        at=row[f"{prefix}_at"],
        phone_at=row[f"{prefix}_phone_at"],
        received_at=row[f"{prefix}_received_at"],
        grade=Grade(row[f"{prefix}_grade"]),
        flags=[Flag(flag) for flag in row[f"{prefix}_flags"]],
        place=PlaceVerdict(row[f"{prefix}_place"]),
        distance=DistanceBand(row[f"{prefix}_distance"]),
        vouched_by_name=row[f"{prefix}_vouched_by"],
    )
