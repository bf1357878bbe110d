"""Lists of shifts and one shift in full, as the API shows them. The caller holds the transaction."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from mingxun.areas import load_area
from mingxun.kit.database import fetch, fetch_row
from mingxun.kit.paging import Cursor, page_of
from mingxun.kit.problems import Forbidden, NotFound
from mingxun.kit.schema import Instant
from mingxun.people.access import Act, Actor
from mingxun.people.directory import load_candidates, names, neighbourhoods_of, people_with_role, phone_of
from mingxun.shifts import rules
from mingxun.shifts.candidates import can_fill
from mingxun.shifts.loading import ShiftNow, Standing, load_shift, load_standing
from mingxun.shifts.rules import Verdict
from mingxun.shifts.schemas import (
    Assignee,
    Contact,
    NeedOut,
    ShiftDetail,
    ShiftKind,
    ShiftOut,
    ShiftPage,
    ShiftState,
)

if TYPE_CHECKING:
    from asyncpg import Record

_SUMMARY = """s.id, s.neighbourhood, s.kind, s.title, s.location, l.name AS location_name, l.plate, s.starts_at, s.ends_at,
    s.state, s.supports_property, n.taken, n.minimum, n.desired, n.maximum, n.lacking"""
_JOINS = """JOIN location l ON l.id = s.location
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(taken), 0)::integer AS taken, coalesce(sum(minimum), 0)::integer AS minimum,
               coalesce(sum(desired), 0)::integer AS desired, coalesce(sum(maximum), 0)::integer AS maximum,
               coalesce(sum(greatest(minimum - taken, 0)), 0)::integer AS lacking
        FROM need WHERE shift = s.id) n"""
_MINE = "EXISTS (SELECT FROM assignment a WHERE a.shift = s.id AND a.person = {} AND a.state IN ('active', 'cancelled')) AS mine"
NOT_OVER = "s.ends_at > {0} AND s.starts_at > {0} - interval '24 hours'"
"""Not yet over at an instant. No shift is longer than 24 hours, so the index need not be read from its beginning."""


async def list_shifts(
    neighbourhood: UUID,
    *,
    reader: UUID,
    since: datetime,
    until: datetime,
    kind: ShiftKind | None = None,
    location: UUID | None = None,
    state: ShiftState | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> ShiftPage:
    """A page of the neighbourhood's shifts that touch the time from `since` to `until`, by their starts. Raises BadCursor."""
    sql, args = shift_list_query(
        neighbourhood,
        reader=reader,
        since=since,
        until=until,
        kind=kind,
        location=location,
        state=state,
        cursor=cursor,
        limit=limit,
    )
    return _page(await fetch(sql, *args), limit)


def shift_list_query(
    neighbourhood: UUID,
    *,
    reader: UUID,
    since: datetime,
    until: datetime,
    kind: ShiftKind | None,
    location: UUID | None,
    state: ShiftState | None,
    cursor: str | None,
    limit: int,
) -> tuple[str, list[Any]]:
    """The list's one statement and its arguments. The page is cut out before anything is joined to it."""
    args: list[Any] = [neighbourhood, since, until, limit + 1, reader]
    where = ["s.neighbourhood = $1", NOT_OVER.format("$2::timestamptz"), "s.starts_at < $3"]

    def only(condition: str, *values: Any) -> None:
        marks = [f"${len(args) + i}" for i in range(1, len(values) + 1)]
        args.extend(values)
        where.append(condition.format(*marks))

    if kind is not None:
        only("s.kind = {}", kind.value)
    if location is not None:
        only("s.location = {}", location)
    if state is not None:
        only("s.state = {}", state.value)
    if cursor is not None:
        only("(s.starts_at, s.id) > ({}, {})", *_after(cursor))
    sql = f"""SELECT {_SUMMARY}, {_MINE.format("$5")}
        FROM (SELECT * FROM shift s WHERE {" AND ".join(where)} ORDER BY s.starts_at, s.id LIMIT $4) s
        {_JOINS} ORDER BY s.starts_at, s.id"""
    return sql, args


MY_SHIFTS = f"""SELECT {_SUMMARY}, true AS mine
    FROM (SELECT a.shift, a.starts_at FROM assignment a
          WHERE a.person = $1 AND a.state IN ('active', 'cancelled')
            AND a.ends_at > $2 AND a.starts_at > $2::timestamptz - interval '24 hours'
            AND ($3::timestamptz IS NULL OR a.starts_at < $3)
            AND ($4::timestamptz IS NULL OR (a.starts_at, a.shift) > ($4, $5::uuid))
          ORDER BY a.starts_at, a.shift LIMIT $6) own
    JOIN shift s ON s.id = own.shift {_JOINS} ORDER BY own.starts_at, own.shift"""


async def list_my_shifts(person: UUID, *, since: datetime, until: datetime | None, cursor: str | None, limit: int) -> ShiftPage:
    """A page of the shifts that a person is on (or was, when they were cancelled), in every neighbourhood. Raises BadCursor."""
    after, after_id = _after(cursor) if cursor else (None, None)
    return _page(await fetch(MY_SHIFTS, person, since, until, after, after_id, limit + 1), limit)


_AHEAD = f"""SELECT {_SUMMARY}, {_MINE.format("$1")}
    FROM (SELECT a.shift, a.starts_at FROM assignment a
          WHERE a.person = $2 AND a.neighbourhood = ANY($3::uuid[]) AND a.state = 'active' AND a.ends_at > $4
            AND ($5::timestamptz IS NULL OR (a.starts_at, a.shift) > ($5, $6::uuid))
          ORDER BY a.starts_at, a.shift LIMIT $7) own
    JOIN shift s ON s.id = own.shift {_JOINS} ORDER BY own.starts_at, own.shift"""


async def list_person_shifts(actor: Actor, person: UUID, *, now: datetime, cursor: str | None, limit: int) -> ShiftPage:
    """A page of what a person still has ahead, where `actor` plans. Raises NotFound, Forbidden, BadCursor."""
    places = await neighbourhoods_of(person)
    rows = await fetch("SELECT DISTINCT neighbourhood FROM assignment WHERE person = $1 AND state = 'active'", person)
    around = [place for place in {*places, *(row["neighbourhood"] for row in rows)} if actor.roles(place)]
    allowed = [place for place in around if actor.may(Act.LIST_PERSON_SHIFTS, place)]
    if not around:
        raise NotFound("There is no such person, or not for you.")
    if not allowed:
        raise Forbidden
    after, after_id = _after(cursor) if cursor else (None, None)
    return _page(await fetch(_AHEAD, actor.person, person, allowed, now, after, after_id, limit + 1), limit)


async def summaries(where: str, *args: Any, reader: UUID) -> list[ShiftOut]:
    """Shifts as lists show them, for this feature's other reads; in `where`, $1 is the reader and $2 the first of `args`."""
    rows = await fetch(f"SELECT {_SUMMARY}, {_MINE.format('$1')} FROM shift s {_JOINS} WHERE {where}", reader, *args)
    return _summaries(rows)


async def get_shift(actor: Actor, shift: UUID, *, now: datetime) -> ShiftDetail:
    """One shift as `actor` may see it. Raises NotFound, Forbidden."""
    found = await load_shift(shift)
    actor.require(Act.GET_SHIFT, found.neighbourhood)
    return await detail(actor, found, now=now)


async def detail(actor: Actor, shift: ShiftNow, *, now: datetime) -> ShiftDetail:
    """A shift in full. Leaders and coordinators see telephones, those on it each other's names, others surnames."""
    row = await fetch_row(
        f"SELECT {_SUMMARY}, {_MINE.format('$2')}, s.version, s.note, s.cancel_reason FROM shift s {_JOINS} WHERE s.id = $1",
        shift.id,
        actor.person,
    )
    if row is None:
        raise NotFound
    standing = await load_standing(shift, actor.person)
    leads = bool(actor.roles(shift.neighbourhood) & rules.LEADERS)
    return ShiftDetail(
        **msgspec.structs.asdict(_summaries([row])[0]),
        version=row["version"],
        note=row["note"],
        cancel_reason=row["cancel_reason"],
        needs=[
            NeedOut(id=n.id, role=n.role, minimum=n.minimum, desired=n.desired, maximum=n.maximum, taken=n.taken)
            for n in standing.needs
        ],
        assignees=await _assignees(shift, leads=leads, serves=row["mine"]),
        refusals=list((await verdict_for(actor, shift, standing, now=now)).refusals),
        contact=await _contact(shift, personal=leads or row["mine"]),
    )


async def verdict_for(actor: Actor, shift: ShiftNow, standing: Standing, *, now: datetime) -> Verdict:
    """Whether the reader could sign up now."""
    return rules.may_take_place(
        state=shift.state,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        needs=standing.needs,
        can_fill=await can_fill(actor.person, shift.neighbourhood, standing.needs),
        already_in=standing.place is not None,
        conflict=standing.conflict,
        now=now,
    )


async def _contact(shift: ShiftNow, *, personal: bool) -> Contact | None:
    """Whom the reader may call: who planned the shift if `personal`, else (or if they are gone) the residents' committee."""
    if personal and shift.made_by in await people_with_role(shift.neighbourhood, rules.PLANNERS):
        person = shift.made_by
        number = (await phone_of([person])).get(person)
        if number is not None:
            return Contact(person=person, name=(await names([person]))[person], phone=number)
    area = await load_area(shift.neighbourhood)
    return Contact(person=None, name=area.name, phone=area.phone) if area.phone else None


async def _assignees(shift: ShiftNow, *, leads: bool, serves: bool) -> list[Assignee]:
    rows = await fetch(
        """SELECT a.person, p.name, a.need, a.assigned FROM assignment a JOIN person p ON p.id = a.person
           WHERE a.shift = $1 AND a.state IN ('active', 'cancelled') ORDER BY a.made_at, a.id""",
        shift.id,
    )
    persons = [row["person"] for row in rows]
    telephones = await phone_of(persons) if leads else {}
    members = await load_candidates(persons, shift.neighbourhood) if leads else set(persons)
    return [
        Assignee(
            person=row["person"],
            name=row["name"] if leads or serves else rules.surname(row["name"]),
            need=row["need"],
            assigned=row["assigned"],
            phone=telephones.get(row["person"]),
            belongs=row["person"] in members,
        )
        for row in rows
    ]


def _after(cursor: str) -> tuple[datetime, UUID]:
    starts_at, identity = Cursor.decode(cursor, Instant, UUID)
    return rules.clipped(starts_at), identity


def _page(rows: "list[Record]", limit: int) -> ShiftPage:
    page, more = page_of(rows, limit)
    cursor = Cursor.encode(page[-1]["starts_at"], page[-1]["id"]) if more else None
    return ShiftPage(items=_summaries(page), next_cursor=cursor)


def _summaries(rows: "list[Record]") -> list[ShiftOut]:
    # One call for all rows: making them one by one in Python took three times as long, and this is what people wait for most.
    return msgspec.convert([dict(row) for row in rows], list[ShiftOut])
