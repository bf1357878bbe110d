"""Two neighbourhoods below one subdistrict, alike in all but their people: what one must never see of the other."""

import builtins
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from mingxun.areas import AreaKind, AreaRow, create_area, create_areas
from mingxun.kit.database import execute
from mingxun.kit.ids import new_id
from mingxun.people.access import Role

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
PASSWORD = "ling yun li 2026"
"""Of every account in the world."""
_PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$gm1I4tGJ+xAN39G7HXenKA$u7qBXle1p/qNEhjrA7PfcSLurb+qvFdV6swR6yvkjL4"


@dataclass(frozen=True)
class Person:
    id: UUID
    name: str
    phone: str
    """E.164; everybody has an account with it."""


@dataclass(frozen=True)
class Party:
    id: UUID
    kind: str
    name: str


@dataclass(frozen=True)
class Neighbourhood:
    """A neighbourhood and one person a role in it."""

    area: AreaRow
    grid: AreaRow
    buildings: list[AreaRow]
    """9号楼, 10号楼, 11号楼; the building leader has the first."""
    property: Party
    committee: Party
    owners: Party
    volunteer: Person
    second_volunteer: Person
    """Also a party member."""
    building_leader: Person
    coordinator: Person
    secretary: Person
    handler: Person
    """Of the property company."""
    committee_handler: Person

    @builtins.property
    def id(self) -> UUID:
        return self.area.id

    def people(self) -> dict[str, Person]:
        """One person for each role, by the role's name."""
        names = ("volunteer", "building_leader", "coordinator", "secretary", "handler")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class World:
    subdistrict: AreaRow
    here: Neighbourhood
    there: Neighbourhood
    subdistrict_admin: Person
    stranger: Person
    """Has an account and no role anywhere."""
    extra: dict[str, UUID] = field(default_factory=dict)


async def build_world() -> World:
    subdistrict = await create_area(kind=AreaKind.SUBDISTRICT, name="东明路街道", parent=None, at=MADE_AT, actor=None)
    here = await _neighbourhood(subdistrict, "凌云里", "1")
    there = await _neighbourhood(subdistrict, "望江苑", "2")
    admin = await add_person("沈佩华", "+8619900000009", neighbourhood=None)
    await add_membership(admin, Role.SUBDISTRICT_ADMIN, subdistrict)
    stranger = await add_person("陌生人", "+8619900000008", neighbourhood=None)
    return World(subdistrict=subdistrict, here=here, there=there, subdistrict_admin=admin, stranger=stranger)


async def _neighbourhood(subdistrict: AreaRow, name: str, digit: str) -> Neighbourhood:
    area = await create_area(
        kind=AreaKind.NEIGHBOURHOOD, name=name, parent=subdistrict, at=MADE_AT, actor=None, phone="021-0000 1234"
    )
    grid = await create_area(kind=AreaKind.GRID, name="第一微网格", parent=area, at=MADE_AT, actor=None)
    buildings = await create_areas(
        kind=AreaKind.BUILDING, names=["9号楼", "10号楼", "11号楼"], parent=grid, at=MADE_AT, actor=None
    )
    company = await _party(area, "property", "和畅物业" if digit == "1" else "江畔物业")
    committee = await _party(area, "residents_committee", f"{name}居委会")
    owners = await _party(area, "owners_committee", f"{name}业委会")
    count = 0

    async def person(who: str, role: Role, where: AreaRow, party: Party | None = None, political_status: str = "") -> Person:
        nonlocal count
        count += 1
        made = await add_person(
            who, f"+8619900{digit}{count:05d}", neighbourhood=area.id, building=buildings[0].id, political_status=political_status
        )
        await add_membership(made, role, where, party)
        return made

    surname = "金" if digit == "1" else "江"
    return Neighbourhood(
        area=area,
        grid=grid,
        buildings=buildings,
        property=company,
        committee=committee,
        owners=owners,
        volunteer=await person(f"{surname}宝娣", Role.VOLUNTEER, area),
        second_volunteer=await person(f"{surname}建国", Role.VOLUNTEER, area, political_status="中共党员"),
        building_leader=await person(f"{surname}林根", Role.BUILDING_LEADER, buildings[0]),
        coordinator=await person(f"{surname}敏", Role.COORDINATOR, area),
        secretary=await person(f"{surname}书记", Role.SECRETARY, area),
        handler=await person(f"{surname}师傅", Role.HANDLER, area, company),
        committee_handler=await person(f"{surname}干事", Role.HANDLER, area, committee),
    )


async def _party(area: AreaRow, kind: str, name: str) -> Party:
    party = Party(id=new_id(), kind=kind, name=name)
    await execute("INSERT INTO party (id, neighbourhood, kind, name) VALUES ($1, $2, $3, $4)", party.id, area.id, kind, name)
    return party


async def add_person(
    name: str,
    phone: str,
    *,
    neighbourhood: UUID | None,
    building: UUID | None = None,
    political_status: str = "",
    skills: tuple[str, ...] = (),
) -> Person:
    """A person with an account (password: PASSWORD)."""
    person = Person(id=new_id(), name=name, phone=phone)
    await execute(
        """INSERT INTO person (id, neighbourhood, name, phone, building, political_status, skills, made_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        person.id,
        neighbourhood,
        name,
        phone,
        building,
        political_status,
        list(skills),
        MADE_AT,
    )
    await execute(
        "INSERT INTO account (person, phone, password_hash, made_at) VALUES ($1, $2, $3, $4)",
        person.id,
        phone,
        _PASSWORD_HASH,
        MADE_AT,
    )
    return person


async def add_membership(person: Person, role: Role, area: AreaRow, party: Party | None = None) -> UUID:
    identity = new_id()
    await execute(
        "INSERT INTO membership (id, neighbourhood, person, role, area, party, from_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        identity,
        area.neighbourhood,
        person.id,
        role.value,
        area.id,
        party.id if party else None,
        MADE_AT,
    )
    return identity


async def give_session(person: UUID, *, at: datetime, days: int = 90) -> str:
    """A new session's token."""
    token = secrets.token_urlsafe(32)
    await execute(
        """INSERT INTO session (id, token_hash, person, device, created_at, last_seen_at, expires_at)
           VALUES ($1, $2, $3, 'Test', $4, $4, $5)""",
        new_id(),
        hashlib.sha256(token.encode()).digest(),
        person,
        at,
        at + timedelta(days=days),
    )
    return token
