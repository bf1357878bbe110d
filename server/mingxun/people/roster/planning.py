"""What importing a roster would do to the people who are there. Pure, and the same for the same input: on confirmation it is
worked out again and must come out equal.

Each row is matched with the people of the roster *as the rows before it leave them*, so that importing the same file twice
changes
nothing: by name and telephone; else by name, building and room; a row with neither, by the name alone if there is just one such
person.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from mingxun.people.roster.fields import FATAL, Found, Trouble
from mingxun.people.roster.reading import Record
from mingxun.people.schemas import Role, RowFate

SENSITIVE = frozenset({"political_status", "remark"})
"""A change of these is told without the value that is kept: reading it is recorded elsewhere (`PersonDetail`)."""
UPDATED = ("phone", "phone_note", "gender", "born", "political_status", "building", "room", "skills", "availability", "remark")
"""What a row can change. An empty cell never erases anything."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the neighbourhood's roster."""

    id: UUID
    name: str
    phone: str | None
    phone_note: str
    gender: str
    born: str
    political_status: str
    key: str
    """Of their building; empty if none is known."""
    room: str
    skills: tuple[str, ...]
    availability: str
    remark: str
    volunteer: bool
    leads: frozenset[str]
    """Keys of the buildings that they lead."""
    kept_here: bool
    """False for a guest, whose record another neighbourhood keeps: a guest gets a role, and nothing else is changed."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A field that becomes different; `roles` for a role that is added."""

    field: str
    before: str
    after: str


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What happens with one row."""

    record: Record
    fate: RowFate
    person: UUID | None
    """Who is changed or the same; None for a new person."""
    found: tuple[Found, ...]
    changes: tuple[Change, ...]
    updates: dict[str, str]
    """The fields to be written, as the record has them (the building by its key)."""
    roles: tuple[Role, ...]
    """Roles to be added: volunteer of the neighbourhood, leader of the row's building."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What happens with every row."""

    rows: tuple[Planned, ...]
    new_buildings: tuple[tuple[str, str], ...]
    """Key and name of each building that has to be made."""

    def digest(self) -> bytes:
        """Equal for plans that do the same."""
        body = [(r.record.row, r.fate, r.person, r.updates, r.changes, r.roles) for r in self.rows]
        return hashlib.sha256(msgspec.json.encode([body, self.new_buildings])).digest()


class _Slot:
    """A person as the rows so far leave them."""

    __slots__ = ("claimed", "id", "known", "order", "values")

    def __init__(self, order: int, known: Known | None, values: dict[str, str]) -> None:
        self.order = order
        self.known = known
        self.id = known.id if known else None
        self.values = values
        self.claimed = known is None

    @property
    def address(self) -> tuple[str, str]:
        return self.values["building"], self.values["room"]


class _Index:
    """Finds slots by what rows tell of a person."""

    def __init__(self) -> None:
        self.by_name: defaultdict[str, list[_Slot]] = defaultdict(list)
        self.count = 0

    def add(self, name: str, known: Known | None, values: dict[str, str]) -> _Slot:
        slot = _Slot(self.count, known, values)
        self.count += 1
        self.by_name[name].append(slot)
        return slot

    def match(self, record: Record) -> tuple[_Slot | None, Trouble | None]:
        """Who the row is about, and what is to be said about that; (None, None) for somebody new."""
        namesakes = self.by_name.get(record.name, [])
        address = (record.key, record.room)
        if record.phone:
            same = [slot for slot in namesakes if slot.values["phone"] == record.phone]
            if same:
                best = min(same, key=lambda s: (s.address != address, s.claimed, s.order))
                other = best.claimed and record.room != "" and best.address != address
                return best, Trouble.OTHER_ADDRESS if other else None
        if record.key and record.room:
            same = [slot for slot in namesakes if slot.address == address]
            if same:
                best = min(same, key=lambda s: (s.claimed, s.order))
                other = best.claimed and bool(record.phone) and best.values["phone"] not in {"", record.phone}
                return best, Trouble.OTHER_PHONE if other else None
        if record.phone or (record.key and record.room):
            return None, None
        bare = [slot for slot in namesakes if not slot.values["phone"] and slot.address == address]
        if bare:
            return min(bare, key=lambda s: (s.claimed, s.order)), None
        if len(namesakes) > 1:
            return None, Trouble.AMBIGUOUS
        return (namesakes[0], Trouble.MATCHED_BY_NAME) if namesakes else (None, None)


def plan(records: Sequence[Record], roster: Iterable[Known], buildings: Mapping[str, Sequence[str]]) -> Plan:
    """Decide the fate of every row. `buildings` has the names of the buildings that are there by key."""
    index = _Index()
    # Order decides between namesakes who share a telephone; ids are given once and for all.
    for known in sorted(roster, key=lambda k: k.id):
        index.add(known.name, known, _values_of_known(known))
    fresh = _names_of_new(records, buildings)
    titles = {key: names[0] for key, names in buildings.items()} | fresh
    needed: dict[str, None] = {}
    rows = []
    for record in records:
        planned = _decide(record, index, buildings, titles)
        lives_there = planned.fate is RowFate.NEW or "building" in planned.updates or Role.BUILDING_LEADER in planned.roles
        if record.key in fresh and lives_there:
            needed[record.key] = None
        rows.append(planned)
    return Plan(rows=tuple(rows), new_buildings=tuple((key, fresh[key]) for key in needed))


def _names_of_new(records: Sequence[Record], buildings: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Names for buildings that are not there yet: as the first row that writes them out (37幢), else as concluded (37-202 →
    37号).
    """
    names: dict[str, str] = {}
    for exact in (True, False):
        for record in records:
            if record.key and record.exact is exact and record.key not in buildings:
                names.setdefault(record.key, record.building)
    return names


def _decide(record: Record, index: _Index, buildings: Mapping[str, Sequence[str]], titles: Mapping[str, str]) -> Planned:
    found = list(record.found)
    if any(f.trouble in FATAL for f in found):
        return _planned(record, RowFate.REFUSED, None, found)
    if len(buildings.get(record.key, ())) > 1:
        found.append(Found(trouble=Trouble.BUILDING_AMBIGUOUS, field="building", value="、".join(buildings[record.key][:3])))
    slot, trouble = index.match(record)
    if trouble is not None:
        said = {
            Trouble.OTHER_PHONE: ("phone", record.phone or ""),
            Trouble.OTHER_ADDRESS: ("building", f"{record.building}{record.room}"),
        }
        field, value = said.get(trouble, ("name", record.name))
        found.append(Found(trouble=trouble, field=field, value=value))
    if trouble in FATAL:
        return _planned(record, RowFate.REFUSED, None, found)
    if slot is None:
        index.add(record.name, None, _values(record))
        roles = (Role.VOLUNTEER, *([Role.BUILDING_LEADER] if record.leader else []))
        return _planned(record, RowFate.NEW, None, found, roles=roles)
    if slot.claimed or slot.known is None:
        return _planned(record, RowFate.DUPLICATE, None, found)
    slot.claimed = True
    known = slot.known
    updates = _updates(slot, record) if known.kept_here else {}
    changes = [_change(field, slot.values[field], after, titles) for field, after in updates.items()]
    slot.values.update(updates)
    gained = []
    if not known.volunteer:
        gained.append(Role.VOLUNTEER)
    if record.leader and record.key not in known.leads:
        gained.append(Role.BUILDING_LEADER)
    changes += [Change(field="roles", before="", after=role.value) for role in gained]
    fate = RowFate.CHANGED if changes else RowFate.SAME
    return _planned(record, fate, known.id, found, changes, updates, tuple(gained))


def _planned(
    record: Record,
    fate: RowFate,
    person: UUID | None,
    found: Iterable[Found],
    changes: Iterable[Change] = (),
    updates: dict[str, str] | None = None,
    roles: tuple[Role, ...] = (),
) -> Planned:
    return Planned(
        record=record, fate=fate, person=person, found=tuple(found), changes=tuple(changes), updates=updates or {}, roles=roles
    )


def _values(record: Record) -> dict[str, str]:
    return {
        "phone": record.phone or "",
        "phone_note": record.phone_note,
        "gender": record.gender,
        "born": record.born,
        "political_status": record.political_status,
        "building": record.key,
        "room": record.room,
        "skills": "、".join(record.skills),
        "availability": record.availability,
        "remark": record.remark,
    }


def _values_of_known(known: Known) -> dict[str, str]:
    return {
        "phone": known.phone or "",
        "phone_note": known.phone_note,
        "gender": known.gender,
        "born": known.born,
        "political_status": known.political_status,
        "building": known.key,
        "room": known.room,
        "skills": "、".join(known.skills),
        "availability": known.availability,
        "remark": known.remark,
    }


def _updates(slot: _Slot, record: Record) -> dict[str, str]:
    new = _values(record)
    old = slot.values
    # A room belongs to its building and a note to its number: with another one the old is wrong, even if no new one is said.
    bound = {
        "room": bool(record.key) and record.key != old["building"],
        "phone_note": bool(record.phone) and record.phone != old["phone"],
    }
    updates = {}
    for field in UPDATED:
        before, after = old[field], new[field]
        if after == before or not (after or bound.get(field)):
            continue
        if field == "born" and before.startswith(f"{after}-"):
            continue  # known more exactly already
        updates[field] = after
    return updates


def _change(field: str, before: str, after: str, titles: Mapping[str, str]) -> Change:
    if field in SENSITIVE:
        return Change(field=field, before="", after=after)
    if field == "building":
        return Change(field=field, before=titles.get(before, before), after=titles.get(after, after))
    return Change(field=field, before=before, after=after)
