"""Previewing and confirming the import of a roster; the caller holds the transaction."""

import asyncio
import contextlib
import hashlib
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import structlog

from mingxun.areas import AreaKind, AreaRow, areas_of, create_areas, load_area
from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch, fetch_row
from mingxun.kit.ids import new_id
from mingxun.kit.problems import NotFound
from mingxun.ledger import record
from mingxun.people.access import Act, Actor
from mingxun.people.changes import PersonChange, keep_changes
from mingxun.people.facts import ChangedPerson, PersonField
from mingxun.people.facts import RosterImported as RosterImportedFact
from mingxun.people.problems import RosterBusy, RosterChanged, RosterLapsed, RosterUnreadable
from mingxun.people.roster import extraction, planning
from mingxun.people.roster.addresses import building_key
from mingxun.people.roster.fields import FATAL
from mingxun.people.roster.planning import Known, Plan, Planned
from mingxun.people.roster.reading import Reading, Record, Sheet, read
from mingxun.people.roster.wording import sentence
from mingxun.people.rules import FileFault
from mingxun.people.schemas import FieldChange, Language, Role, RosterImported, RosterPreview, RosterRow, RowFate, RowProblem

MAX_BYTES = 10 * 1024 * 1024
LIFE = timedelta(hours=24)
"""Of a preview. Its rows are wiped then: they say more of people than is needed once it is decided."""
SHOWN_ROWS = 10_000
SENSITIVE = frozenset({"political_status", "remark"})
"""A change of these is told without the value that is kept: reading it is recorded elsewhere (`PersonDetail`)."""
PATIENCE = 30
"""Seconds for reading a file; the reader's own limit on processor time is lower."""
WAIT = 20
"""Seconds for one's turn."""

_READING = asyncio.Semaphore(1)
"""A reader may take 768 MB. Two at a time would be too much for a small machine, and nobody imports rosters all day."""

logger = structlog.get_logger(__name__)


class _Extracted(msgspec.Struct, frozen=True):
    sheets: list[Sheet] = []
    hidden: list[str] = []
    typed: bool = True
    fault: str = ""
    found: str = ""


class _Stored(msgspec.Struct, frozen=True):
    """What is kept between preview and confirmation."""

    records: list[Record]
    digest: str


class RosterFile(NamedTuple):
    """A file that was read."""

    sha256: bytes
    reading: Reading


async def read_file(data: bytes, *, clock: Clock) -> RosterFile:
    """Read a roster. Takes up to half a minute and much memory: never call it inside a request's transaction.

    One file at a time in a process; the others wait. Raises RosterUnreadable, RosterBusy.
    """
    try:
        async with asyncio.timeout(WAIT):
            await _READING.acquire()
    except TimeoutError:
        raise RosterBusy from None
    try:
        extracted = await _extract(data)
        year = (clock.now() + timedelta(hours=14)).year
        reading = await asyncio.to_thread(read, extracted.sheets, hidden=extracted.hidden, typed=extracted.typed, this_year=year)
    finally:
        _READING.release()
    _require_people(reading)
    return RosterFile(hashlib.sha256(data).digest(), reading)


async def preview(actor: Actor, neighbourhood: UUID, file_name: str, file: RosterFile, *, clock: Clock) -> RosterPreview:
    """Say what importing a roster would do. Nothing changes but that the preview is kept. Raises NotFound, Forbidden."""
    actor.require(Act.IMPORT_ROSTER, neighbourhood)
    now = clock.now()
    reading = file.reading
    plan = await _plan(neighbourhood, reading.records)
    await forget_lapsed(clock=clock)
    identity = new_id()
    stored = _Stored(records=reading.records, digest=plan.digest().hex())
    await execute(
        """INSERT INTO roster_import (id, neighbourhood, file_name, file_sha256, plan, made_by, made_at)
           VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7)""",
        identity,
        neighbourhood,
        file_name,
        file.sha256,
        msgspec.json.encode(stored).decode(),
        actor.person,
        now,
    )
    return _shown(identity, file_name, reading, plan, actor.language)


async def confirm(actor: Actor, roster_import: UUID, *, clock: Clock) -> RosterImported:
    """Do what the preview said, all at once. Confirmed again, it answers the same and does nothing.

    Raises NotFound, Forbidden, RosterLapsed; RosterChanged when it would now do something else. Imports into one neighbourhood
    take turns.
    """
    row = await fetch_row(
        "SELECT neighbourhood, plan, made_at, confirmed_at, outcome FROM roster_import WHERE id = $1 FOR UPDATE", roster_import
    )
    if row is None:
        raise NotFound
    neighbourhood: UUID = row["neighbourhood"]
    actor.require(Act.IMPORT_ROSTER, neighbourhood)
    if row["outcome"] is not None:
        return msgspec.json.decode(row["outcome"], type=RosterImported)
    now = clock.now()
    if row["plan"] is None or now - row["made_at"] > LIFE:
        raise RosterLapsed
    await execute("SELECT pg_advisory_xact_lock(hashtextextended('roster ' || $1::text, 0))", str(neighbourhood))
    stored = msgspec.json.decode(row["plan"], type=_Stored)
    plan = await _plan(neighbourhood, stored.records)
    if plan.digest().hex() != stored.digest:
        raise RosterChanged
    counts = Counter(planned.fate for planned in plan.rows)
    outcome = RosterImported(
        id=roster_import,
        added=counts[RowFate.NEW],
        changed=counts[RowFate.CHANGED],
        unchanged=counts[RowFate.SAME],
        left_out=counts[RowFate.DUPLICATE] + counts[RowFate.REFUSED],
    )
    fact = await _apply(plan, neighbourhood, roster_import, actor=actor.person, clock=clock)
    identity = await record(fact, actor=actor.person, at=now)
    await keep_changes(identity, _changes(plan), neighbourhood=neighbourhood, at=now)
    await execute(
        "UPDATE roster_import SET plan = NULL, confirmed_at = $2, outcome = $3::jsonb WHERE id = $1",
        roster_import,
        now,
        msgspec.json.encode(outcome).decode(),
    )
    return outcome


async def forget_lapsed(*, clock: Clock) -> int:
    """Wipe the rows of previews that were not confirmed in time; how many."""
    return await execute("UPDATE roster_import SET plan = NULL WHERE plan IS NOT NULL AND made_at < $1", clock.now() - LIFE)


async def _extract(data: bytes) -> _Extracted:
    """Read the file in a process of its own, which it may take down with it. Raises RosterUnreadable."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(Path(extraction.__file__))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            answer, _ = await child.communicate(data)
    except TimeoutError:
        answer = b""
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0 or not answer:
        logger.warning("roster reader died", code=child.returncode, bytes=len(data))
        raise RosterUnreadable(reason=FileFault.UNPACKS_TOO_LARGE, found=[])
    extracted = msgspec.msgpack.decode(answer, type=_Extracted)
    if extracted.fault:
        raise RosterUnreadable(reason=FileFault(extracted.fault), found=[extracted.found] if extracted.found else [])
    return extracted


def _require_people(reading: Reading) -> None:
    if not reading.has_names:
        raise RosterUnreadable(reason=FileFault.NO_NAME_COLUMN, found=reading.headings)
    if not reading.records:
        raise RosterUnreadable(reason=FileFault.NO_PEOPLE, found=[])


async def _plan(neighbourhood: UUID, records: list[Record]) -> Plan:
    buildings = await _buildings(neighbourhood)
    roster = await _roster(neighbourhood, {building.id: key for key, found in buildings.items() for building in found})
    names = {key: [building.name for building in found] for key, found in buildings.items()}
    return await asyncio.to_thread(planning.plan, records, roster, names)


async def _buildings(neighbourhood: UUID) -> dict[str, list[AreaRow]]:
    found: dict[str, list[AreaRow]] = {}
    for area in await areas_of(neighbourhood):
        if area.kind is AreaKind.BUILDING:
            found.setdefault(building_key(area.name), []).append(area)
    return found


async def _roster(neighbourhood: UUID, keys: dict[UUID, str]) -> list[Known]:
    """Everybody whose record is kept in the neighbourhood or who has a role in it."""
    rows = await fetch(
        """WITH held AS (
               SELECT person, bool_or(role = 'volunteer' AND area = $1) AS volunteer,
                      array_agg(area) FILTER (WHERE role = 'building_leader') AS leads
               FROM membership WHERE neighbourhood = $1 AND ended_at IS NULL GROUP BY person
           )
           SELECT p.id, p.name, p.phone, p.phone_note, p.gender, p.born, p.political_status, p.building, p.room, p.skills,
                  p.availability, p.remark, coalesce(h.volunteer, false) AS volunteer, coalesce(h.leads, '{}') AS leads,
                  p.neighbourhood = $1 IS TRUE AS kept_here
           FROM person p LEFT JOIN held h ON h.person = p.id
           WHERE p.id IN (SELECT id FROM person WHERE neighbourhood = $1 UNION SELECT person FROM held)""",
        neighbourhood,
    )
    return [
        Known(
            id=row["id"],
            name=row["name"],
            phone=row["phone"],
            phone_note=row["phone_note"],
            gender=row["gender"],
            born=row["born"],
            political_status=row["political_status"],
            key=keys.get(row["building"], ""),
            room=row["room"],
            skills=tuple(row["skills"]),
            availability=row["availability"],
            remark=row["remark"],
            volunteer=row["volunteer"],
            leads=frozenset(keys[area] for area in row["leads"] if area in keys),
            kept_here=row["kept_here"],
        )
        for row in rows
    ]


async def _apply(plan: Plan, neighbourhood: UUID, roster_import: UUID, *, actor: UUID, clock: Clock) -> RosterImportedFact:
    """Write all of the plan, in a few statements however long it is."""
    now = clock.now()
    names = [name for _, name in plan.new_buildings]
    home = await load_area(neighbourhood)
    made = await create_areas(kind=AreaKind.BUILDING, names=names, parent=home, at=now, actor=actor) if names else []
    places = {key: found[0].id for key, found in (await _buildings(neighbourhood)).items()}
    new = [(new_id(), planned) for planned in plan.rows if planned.fate is RowFate.NEW]
    changed = [(planned.person, planned) for planned in plan.rows if planned.person and planned.fate is RowFate.CHANGED]
    await _insert_people(new, neighbourhood, places, clock=clock)
    await _update_people([(person, planned) for person, planned in changed if planned.updates], places)
    volunteers, leaders = [], []
    for person, planned in [*new, *changed]:
        if Role.VOLUNTEER in planned.roles:
            volunteers.append((person, neighbourhood))
        if Role.BUILDING_LEADER in planned.roles:
            leaders.append((person, places[planned.record.key]))
    await _give_roles(Role.VOLUNTEER, volunteers, neighbourhood, clock=clock)
    await _give_roles(Role.BUILDING_LEADER, leaders, neighbourhood, clock=clock)
    return RosterImportedFact(
        neighbourhood=neighbourhood,
        subject=roster_import,
        added=len(new),
        changed=len(changed),
        people=[person for person, _ in [*new, *changed]],
        leaders=[person for person, _ in leaders],
        buildings=[area.id for area in made],
        changes=[
            ChangedPerson(person=person, fields=[PersonField(field) for field in dict.fromkeys(c.field for c in planned.changes)])
            for person, planned in changed
        ],
    )


def _changes(plan: Plan) -> list[PersonChange]:
    """What becomes different of people who are there already; of several roles that somebody gains, one change."""
    found: dict[tuple[UUID, str], PersonChange] = {}
    for planned in plan.rows:
        if planned.person is None or planned.fate is not RowFate.CHANGED:
            continue
        for change in planned.changes:
            key = planned.person, change.field
            after = f"{found[key].after}, {change.after}" if key in found else change.after
            found[key] = PersonChange(person=planned.person, field=PersonField(change.field), before=change.before, after=after)
    return list(found.values())


_SEPARATOR = "\x1f"
"""Between skills on their way into the database: arrays of arrays of different lengths can't be unnested."""


async def _insert_people(new: list[tuple[UUID, Planned]], neighbourhood: UUID, places: dict[str, UUID], *, clock: Clock) -> None:
    records = [planned.record for _, planned in new]
    await execute(
        f"""INSERT INTO person (id, neighbourhood, name, phone, phone_note, gender, born, political_status, building, room,
                                skills, availability, remark, made_at)
            SELECT id, $1, name, phone, note, gender, born, political, building, room,
                   CASE WHEN skills = '' THEN '{{}}'::text[] ELSE string_to_array(skills, '{_SEPARATOR}') END,
                   availability, remark, $2
            FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::uuid[],
                        $11::text[], $12::text[], $13::text[], $14::text[])
              AS u (id, name, phone, note, gender, born, political, building, room, skills, availability, remark)""",
        neighbourhood,
        clock.now(),
        [person for person, _ in new],
        [r.name for r in records],
        [r.phone for r in records],
        [r.phone_note for r in records],
        [r.gender for r in records],
        [r.born for r in records],
        [r.political_status for r in records],
        [places.get(r.key) for r in records],
        [r.room for r in records],
        [_SEPARATOR.join(r.skills) for r in records],
        [r.availability for r in records],
        [r.remark for r in records],
    )


async def _update_people(changed: list[tuple[UUID, Planned]], places: dict[str, UUID]) -> None:
    if not changed:
        return
    updates = [planned.updates for _, planned in changed]
    await execute(
        f"""UPDATE person p SET
                phone = coalesce(u.phone, p.phone), phone_note = coalesce(u.note, p.phone_note),
                gender = coalesce(u.gender, p.gender), born = coalesce(u.born, p.born),
                political_status = coalesce(u.political, p.political_status), building = coalesce(u.building, p.building),
                room = coalesce(u.room, p.room),
                skills = coalesce(string_to_array(u.skills, '{_SEPARATOR}'), p.skills),
                availability = coalesce(u.availability, p.availability), remark = coalesce(u.remark, p.remark)
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[],
                        $9::text[], $10::text[], $11::text[])
              AS u (id, phone, note, gender, born, political, building, room, skills, availability, remark)
            WHERE p.id = u.id""",
        [person for person, _ in changed],
        [u.get("phone") for u in updates],
        [u.get("phone_note") for u in updates],
        [u.get("gender") for u in updates],
        [u.get("born") for u in updates],
        [u.get("political_status") for u in updates],
        [places[u["building"]] if "building" in u else None for u in updates],
        [u.get("room") for u in updates],
        [_SEPARATOR.join(planned.record.skills) if "skills" in planned.updates else None for _, planned in changed],
        [u.get("availability") for u in updates],
        [u.get("remark") for u in updates],
    )


async def _give_roles(role: Role, held: list[tuple[UUID, UUID]], neighbourhood: UUID, *, clock: Clock) -> None:
    if held:
        await execute(
            """INSERT INTO membership (id, neighbourhood, person, role, area, from_at)
               SELECT id, $1, person, $2, area, $3 FROM unnest($4::uuid[], $5::uuid[], $6::uuid[]) AS u (id, person, area)
               ON CONFLICT DO NOTHING""",
            neighbourhood,
            role.value,
            clock.now(),
            [new_id() for _ in held],
            [person for person, _ in held],
            [area for _, area in held],
        )


def _shown(identity: UUID, file_name: str, reading: Reading, plan: Plan, language: Language) -> RosterPreview:
    counts = Counter(planned.fate for planned in plan.rows)
    return RosterPreview(
        id=identity,
        file_name=file_name,
        counts={fate: counts[fate] for fate in RowFate},
        new_buildings=[name for _, name in plan.new_buildings],
        ignored_columns=reading.ignored,
        rows=[_row(planned, language) for planned in plan.rows[:SHOWN_ROWS]],
    )


def _row(planned: Planned, language: Language) -> RosterRow:
    record = planned.record
    return RosterRow(
        row=record.row,
        sheet=record.sheet,
        fate=planned.fate,
        name=record.name,
        phone=record.phone,
        building=record.building,
        room=record.room,
        problems=[
            RowProblem(code=f.trouble.value, field=f.field, value=f.value, text=sentence(f, language), fatal=f.trouble in FATAL)
            for f in planned.found
        ],
        changes=[
            FieldChange(field=c.field, before="" if c.field in SENSITIVE else c.before, after=c.after) for c in planned.changes
        ],
    )
