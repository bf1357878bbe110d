"""What the features above ask about people: their names, languages and numbers, and who holds a role or could fill a place.

All of it is for deciding and telling; none of it checks who asks. The caller holds the transaction.
"""

from collections.abc import Collection
from uuid import UUID

import msgspec

from mingxun.kit.database import fetch, fetch_row
from mingxun.people.schemas import Language, PartyKind, PartyOut, Role

PARTY_MEMBER_WORDS = ("中共党员", "党员", "中共预备党员", "预备党员")
"""How rosters write it. Probationary members serve at pioneer posts, too (an assumption; practice may differ)."""

_HERE = """(m.neighbourhood = $1 OR m.role = 'subdistrict_admin' AND m.area = (SELECT parent FROM area WHERE id = $1))
           AND m.ended_at IS NULL"""
"""A membership counts in the neighbourhood $1: it is one of it, or one of the subdistrict above."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """What a shift's needs ask of a person who belongs to a neighbourhood."""

    person: UUID
    party_member: bool
    skills: tuple[str, ...]
    """As on the roster: free words."""
    roles: frozenset[Role]
    """Those that count in the neighbourhood asked about."""


async def names(persons: Collection[UUID]) -> dict[UUID, str]:
    """Names by id; unknown ids are left out."""
    rows = await fetch("SELECT id, name FROM person WHERE id = ANY($1::uuid[])", list(persons))
    return {row["id"]: row["name"] for row in rows}


async def languages(persons: Collection[UUID]) -> dict[UUID, Language]:
    """The language of each person; unknown ids are left out."""
    rows = await fetch("SELECT id, language FROM person WHERE id = ANY($1::uuid[])", list(persons))
    return {row["id"]: Language(row["language"]) for row in rows}


async def phone_of(persons: Collection[UUID]) -> dict[UUID, str]:
    """The number to call each person on (E.164): the roster's, or else the one they sign in with. Left out: who has none."""
    rows = await fetch(
        """SELECT p.id, coalesce(p.phone, a.phone) AS phone FROM person p LEFT JOIN account a ON a.person = p.id
           WHERE p.id = ANY($1::uuid[]) AND coalesce(p.phone, a.phone) IS NOT NULL""",
        list(persons),
    )
    return {row["id"]: row["phone"] for row in rows}


async def neighbourhoods_of(person: UUID) -> set[UUID]:
    """Where the person's record is kept, and where they have or had a role; empty for an unknown person."""
    rows = await fetch(
        """SELECT neighbourhood FROM person WHERE id = $1 AND neighbourhood IS NOT NULL
           UNION SELECT neighbourhood FROM membership WHERE person = $1 AND neighbourhood IS NOT NULL""",
        person,
    )
    return {row["neighbourhood"] for row in rows}


async def people_with_role(neighbourhood: UUID, roles: Collection[Role], area: UUID | None = None) -> list[UUID]:
    """Who holds one of `roles` in the neighbourhood, each once. With `area`: whose role is held in that area or in one above it.

    A subdistrict administrator is found when SUBDISTRICT_ADMIN is asked for.
    """
    rows = await fetch(
        f"""SELECT DISTINCT m.person FROM membership m
            WHERE {_HERE} AND m.role = ANY($2::text[])
              AND ($3::uuid IS NULL OR m.area = ANY((SELECT path FROM area WHERE id = $3)::uuid[]))
            ORDER BY m.person""",
        neighbourhood,
        [role.value for role in roles],
        area,
    )
    return [row["person"] for row in rows]


async def planners_of(neighbourhood: UUID) -> frozenset[UUID]:
    """Who runs the neighbourhood and can sign in: its coordinators and secretaries; where there are none, the administrators of the
    subdistrict, so that what has no other addressee is never told to nobody.
    """
    rows = await fetch(
        f"""WITH found AS (
                SELECT DISTINCT m.person, m.role = 'subdistrict_admin' AS above
                FROM membership m JOIN account a ON a.person = m.person AND a.disabled_at IS NULL
                WHERE {_HERE} AND m.role IN ('coordinator', 'secretary', 'subdistrict_admin'))
            SELECT person FROM found WHERE above = (SELECT bool_and(above) FROM found)""",
        neighbourhood,
    )
    return frozenset(row["person"] for row in rows)


async def leaders_of(area: UUID) -> frozenset[UUID]:
    """The building leaders of the area, or of one that it lies in, who can sign in."""
    rows = await fetch(
        """SELECT DISTINCT m.person FROM membership m JOIN account a ON a.person = m.person AND a.disabled_at IS NULL
           WHERE m.area = ANY((SELECT path FROM area WHERE id = $1)::uuid[]) AND m.role = 'building_leader' AND m.ended_at IS NULL""",
        area,
    )
    return frozenset(row["person"] for row in rows)


async def handlers_of(parties: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Who acts for each responsible party and can sign in; parties without anybody are left out."""
    rows = await fetch(
        """SELECT m.party, array_agg(DISTINCT m.person) AS people
           FROM membership m JOIN account a ON a.person = m.person AND a.disabled_at IS NULL
           WHERE m.party = ANY($1::uuid[]) AND m.ended_at IS NULL GROUP BY m.party""",
        list(parties),
    )
    return {row["party"]: frozenset(row["people"]) for row in rows}


async def load_parties(parties: Collection[UUID]) -> dict[UUID, PartyOut]:
    """Responsible parties by id; unknown ids are left out."""
    rows = await fetch("SELECT id, kind, name, phone FROM party WHERE id = ANY($1::uuid[])", list(parties))
    return {r["id"]: PartyOut(id=r["id"], kind=PartyKind(r["kind"]), name=r["name"], phone=r["phone"]) for r in rows}


async def load_party(party: UUID, neighbourhood: UUID) -> PartyOut | None:
    """One responsible party of the neighbourhood; None if it has no such party."""
    row = await fetch_row("SELECT id, kind, name, phone FROM party WHERE id = $1 AND neighbourhood = $2", party, neighbourhood)
    return None if row is None else PartyOut(id=row["id"], kind=PartyKind(row["kind"]), name=row["name"], phone=row["phone"])


async def load_candidate(person: UUID, neighbourhood: UUID) -> Candidate | None:
    """What the person brings to a shift of the neighbourhood; None when they hold no role that counts there."""
    return (await load_candidates([person], neighbourhood)).get(person)


async def load_candidates(persons: Collection[UUID], neighbourhood: UUID) -> dict[UUID, Candidate]:
    """Candidates by person; left out: who holds no role that counts in the neighbourhood."""
    rows = await fetch(
        f"""SELECT p.id, p.political_status, p.skills, array_agg(m.role) AS roles
            FROM person p JOIN membership m ON m.person = p.id
            WHERE p.id = ANY($2::uuid[]) AND {_HERE}
            GROUP BY p.id""",
        neighbourhood,
        list(persons),
    )
    return {
        row["id"]: Candidate(
            person=row["id"],
            party_member=row["political_status"] in PARTY_MEMBER_WORDS,
            skills=tuple(row["skills"]),
            roles=frozenset(Role(role) for role in row["roles"]),
        )
        for row in rows
    }
