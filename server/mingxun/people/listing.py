"""Showing people and parties to those who may see them; the caller holds the transaction."""

import re
import unicodedata
from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch, fetch_row
from mingxun.kit.ids import new_id
from mingxun.kit.paging import BadCursor, Cursor, page_of
from mingxun.kit.problems import Forbidden, NotFound
from mingxun.ledger import record
from mingxun.people.access import Act, Actor
from mingxun.people.accounts import memberships_of, require_phone
from mingxun.people.facts import PartyCreated, PersonViewed
from mingxun.people.schemas import CreateParty, PartyKind, PartyOut, PersonDetail, PersonOut, PersonPage, Role

if TYPE_CHECKING:
    from asyncpg import Record

_MATCHES = """($2::text IS NULL OR p.name ILIKE $2 OR p.room ILIKE $2
                 OR ($3::text IS NOT NULL AND p.phone LIKE $3)
                 OR p.building IN (SELECT id FROM area WHERE neighbourhood = $1 AND kind = 'building' AND name ILIKE $2))
              AND ($4::text IS NULL OR EXISTS (
                 SELECT FROM membership r WHERE r.person = p.id AND r.neighbourhood = $1 AND r.role = $4 AND r.ended_at IS NULL))
              AND ($5::uuid[] IS NULL OR p.building = ANY($5))
              AND ($6::text IS NULL OR (p.name, p.id) > ($6, $7::uuid))"""


async def list_people(
    actor: Actor, neighbourhood: UUID, *, query: str | None, role: Role | None, cursor: str | None, limit: int
) -> PersonPage:
    """People whose record is kept in the neighbourhood, or who have a role in it, by name. `query`: part of a name, room or
    building's
    name, or digits of a telephone number. Building leaders get those of their own buildings, and no more than name and room.

    Raises NotFound, Forbidden, BadCursor.
    """
    actor.require(Act.LIST_PEOPLE, neighbourhood)
    whole = actor.may(Act.GET_PERSON, neighbourhood)
    own = None if whole else list(actor.areas(Role.BUILDING_LEADER, neighbourhood))
    after_name, after_id = await _after(cursor, neighbourhood) if cursor else (None, None)
    text = unicodedata.normalize("NFKC", query).strip() if query else ""
    digits = re.sub(r"\D", "", text)
    rows = await fetch(
        f"""WITH found AS (
                SELECT id, name FROM (
                    (SELECT p.id, p.name FROM person p WHERE p.neighbourhood = $1 AND {_MATCHES} ORDER BY p.name, p.id LIMIT $8)
                    UNION
                    (SELECT p.id, p.name FROM membership m JOIN person p ON p.id = m.person
                     WHERE m.neighbourhood = $1 AND m.ended_at IS NULL AND p.neighbourhood IS DISTINCT FROM $1 AND {_MATCHES}
                     ORDER BY p.name, p.id LIMIT $8)
                ) AS joined ORDER BY name, id LIMIT $8
            )
            SELECT p.id, p.name, p.phone, p.phone_note, p.building, b.name AS building_name, p.room, p.skills,
                   ARRAY(SELECT DISTINCT m.role FROM membership m
                         WHERE m.person = p.id AND m.neighbourhood = $1 AND m.ended_at IS NULL ORDER BY m.role) AS roles,
                   EXISTS (SELECT FROM account a WHERE a.person = p.id AND a.disabled_at IS NULL) AS has_account
            FROM found JOIN person p ON p.id = found.id
            LEFT JOIN area b ON b.id = p.building
            ORDER BY p.name, p.id""",
        neighbourhood,
        f"%{_escaped(text)}%" if text else None,
        f"%{digits}%" if whole and len(digits) >= 3 else None,
        role.value if role else None,
        own,
        after_name,
        after_id,
        limit + 1,
    )
    page, more = page_of(rows, limit)
    return PersonPage(
        items=[_person(row, whole=whole) for row in page],
        next_cursor=Cursor.encode(page[-1]["id"]) if more else None,
    )


async def _after(cursor: str, neighbourhood: UUID) -> tuple[str, UUID]:
    """Where the page before ended. The cursor is the person's id alone: it stands in addresses, where no name may. Raises BadCursor."""
    (person,) = Cursor.decode(cursor, UUID)
    row = await fetch_row(
        """SELECT name FROM person p WHERE id = $1
           AND (neighbourhood = $2 OR EXISTS (SELECT FROM membership m WHERE m.person = p.id AND m.neighbourhood = $2))""",
        person,
        neighbourhood,
    )
    if row is None:
        raise BadCursor
    return row["name"], person


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def _person(row: "Record", *, whole: bool) -> PersonOut:
    return PersonOut(
        id=row["id"],
        name=row["name"],
        phone=row["phone"] if whole else None,
        phone_note=row["phone_note"] if whole else "",
        building=row["building"],
        building_name=row["building_name"],
        room=row["room"],
        roles=[Role(role) for role in row["roles"]] if whole else [],
        skills=row["skills"] if whole else [],
        has_account=row["has_account"] and whole,
    )


async def get_person(actor: Actor, person: UUID, *, clock: Clock) -> PersonDetail:
    """All that is kept of a person; that it was read is recorded. A guest's neighbourhood keeps to itself what it knows beyond
    the list: health, party membership, birth. Raises NotFound, Forbidden.
    """
    row = await fetch_row(
        """SELECT p.*, b.name AS building_name,
                  ARRAY(SELECT DISTINCT m.neighbourhood FROM membership m
                        WHERE m.person = p.id AND m.neighbourhood IS NOT NULL AND m.ended_at IS NULL) AS serves,
                  a.person IS NOT NULL AND a.disabled_at IS NULL AS has_account,
                  a.disabled_at IS NOT NULL AS account_disabled
           FROM person p LEFT JOIN area b ON b.id = p.building LEFT JOIN account a ON a.person = p.id WHERE p.id = $1""",
        person,
    )
    if row is None:
        raise NotFound
    around = [
        place for place in dict.fromkeys([row["neighbourhood"], *row["serves"]]) if place is not None and actor.roles(place)
    ]
    allowed = [place for place in around if actor.may(Act.GET_PERSON, place)]
    if not around:
        raise NotFound
    if not allowed:
        raise Forbidden
    at_home = row["neighbourhood"] in allowed
    fact = PersonViewed(neighbourhood=row["neighbourhood"] if at_home else allowed[0], subject=person)
    await record(fact, actor=actor.person, at=clock.now())
    memberships = [m for m in await memberships_of(person) if any(ref.id in allowed for ref in m.neighbourhoods)]
    return PersonDetail(
        id=person,
        name=row["name"],
        phone=row["phone"],
        phone_note=row["phone_note"],
        building=row["building"],
        building_name=row["building_name"],
        room=row["room"],
        roles=sorted({m.role for m in memberships}),
        skills=row["skills"],
        has_account=row["has_account"],
        gender=row["gender"] if at_home else "",
        born=row["born"] if at_home else "",
        political_status=row["political_status"] if at_home else "",
        availability=row["availability"],
        remark=row["remark"] if at_home else "",
        memberships=memberships,
        account_disabled=row["account_disabled"],
    )


async def list_parties(actor: Actor, neighbourhood: UUID) -> list[PartyOut]:
    """The neighbourhood's responsible parties, by kind and name. Raises NotFound."""
    actor.require(Act.LIST_PARTIES, neighbourhood)
    rows = await fetch("SELECT id, kind, name, phone FROM party WHERE neighbourhood = $1 ORDER BY kind, name", neighbourhood)
    return [PartyOut(id=row["id"], kind=PartyKind(row["kind"]), name=row["name"], phone=row["phone"]) for row in rows]


async def create_party(actor: Actor, neighbourhood: UUID, data: CreateParty, *, clock: Clock) -> PartyOut:
    """Add a responsible party. Raises NotFound, Forbidden, InvalidPhone, PartyExists."""
    actor.require(Act.CREATE_PARTY, neighbourhood)
    party = PartyOut(
        id=new_id(), kind=data.kind, name=data.name.strip(), phone=require_phone(data.phone) if data.phone is not None else None
    )
    await execute(
        "INSERT INTO party (id, neighbourhood, kind, name, phone) VALUES ($1, $2, $3, $4, $5)",
        party.id,
        neighbourhood,
        party.kind.value,
        party.name,
        party.phone,
    )
    fact = PartyCreated(neighbourhood=neighbourhood, subject=party.id, party_kind=party.kind)
    await record(fact, actor=actor.person, at=clock.now())
    return party
