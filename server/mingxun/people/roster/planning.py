"""What importing a roster would do to the people who are there. Pure, and the same for the same input: on confirmation it is
worked out again and must come out equal.

A row is about somebody of the roster with the same name and telephone; else with the same name, building and room; and if it has neither,
about the only one of that name. Importing the same file twice changes nothing.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from uuid import UUID

import msgspec

from mingxun.people.roster.fields import FATAL, Found, Trouble
from mingxun.people.roster.reading import Record
from mingxun.people.schemas import Role, RowFate

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
    """A field that becomes different, a building by its name; `roles` for a role that is added."""

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


class _Group:
    """Rows of the file that are one person: any two that have the name and the number, or the name and the room, in common. The first
    of them counts."""

    __slots__ = ("keys", "rows")

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.keys: list[tuple[str, ...]] = []


class _Slot:
    """A person of the roster, or one who is to be added, as the rows decided so far leave them."""

    __slots__ = ("claimed", "known", "values")

    def __init__(self, known: Known | None, values: dict[str, str]) -> None:
        self.known = known
        self.values = values
        self.claimed = known is None

    @property
    def address(self) -> tuple[str, str]:
        return self.values["building"], self.values["room"]


def plan(records: Sequence[Record], roster: Iterable[Known], buildings: Mapping[str, Sequence[str]]) -> Plan:
    """Decide the fate of every row. `buildings` has the names of the buildings that are there by key."""
    fresh = _names_of_new(records, buildings)
    decided = _Decision(records, roster, buildings, {key: names[0] for key, names in buildings.items()} | fresh)
    rows = decided.rows()
    needed: dict[str, None] = {}
    for planned in rows:
        lives_there = planned.fate is RowFate.NEW or "building" in planned.updates or Role.BUILDING_LEADER in planned.roles
        if planned.record.key in fresh and lives_there:
            needed[planned.record.key] = None
    return Plan(rows=tuple(rows), new_buildings=tuple((key, fresh[key]) for key in needed))


class _Decision:
    """One reading of the rows, in three passes: by telephone, by address, by the bare name. The surer match comes first, wherever in
    the file it stands, so that the outcome is the same when the file is imported once more."""

    def __init__(
        self,
        records: Sequence[Record],
        roster: Iterable[Known],
        buildings: Mapping[str, Sequence[str]],
        titles: Mapping[str, str],
    ) -> None:
        self._records = records
        self._buildings = buildings
        self._titles = titles
        self._phones: defaultdict[tuple[str, str], list[_Slot]] = defaultdict(list)
        self._rooms: defaultdict[tuple[str, str, str], list[_Slot]] = defaultdict(list)
        self._namesakes: defaultdict[tuple[str, str], list[_Slot]] = defaultdict(list)
        """By name and building: people whom a bare name may mean."""
        self._buildings_of: defaultdict[str, dict[str, None]] = defaultdict(dict)
        # The order decides between namesakes who are alike; ids are given once and for all.
        for known in sorted(roster, key=lambda k: k.id):
            slot = _Slot(known, _values_of_known(known))
            self._phones[known.name, slot.values["phone"]].append(slot)
            self._rooms[known.name, *slot.address].append(slot)
            self._namesakes[known.name, known.key].append(slot)
            self._buildings_of[known.name][known.key] = None
        self._planned: dict[int, Planned] = {}

    def rows(self) -> list[Planned]:
        groups = self._groups()
        left = [group for group in groups if not self._settle(group, self._by_phone(group))]
        bare = []
        for group in left:
            if self._settle(group, self._by_address(group)):
                continue
            if any(self._tells(row) for row in group.rows):
                self._add(group)
            else:
                bare.append(group)
        for group in bare:
            self._settle_bare(group)
        return [self._planned[row] for row in range(len(self._records))]

    def _groups(self) -> list[_Group]:
        groups: dict[tuple[str, ...], _Group] = {}
        for row, record in enumerate(self._records):
            if any(f.trouble in FATAL for f in record.found):
                self._planned[row] = _planned(record, RowFate.REFUSED, record.found)
                continue
            keys: list[tuple[str, ...]] = [("bare", record.name, record.key, record.room)]
            if self._tells(row):
                keys = [("phone", record.name, record.phone)] if record.phone else []
                keys += [("room", record.name, record.key, record.room)] if record.key and record.room else []
            found = sorted({id(groups[key]): groups[key] for key in keys if key in groups}.values(), key=lambda g: -len(g.rows))
            own = found[0] if found else _Group()
            own.rows.append(row)
            for other in found[1:]:
                own.rows += other.rows
                keys += other.keys
            own.keys += keys
            groups.update(dict.fromkeys(keys, own))
        for group in groups.values():
            group.rows.sort()
        return sorted({id(group): group for group in groups.values()}.values(), key=lambda group: group.rows[0])

    def _tells(self, row: int) -> bool:
        """Whether the row says enough of a person to tell namesakes apart."""
        record = self._records[row]
        return bool(record.phone or (record.key and record.room))

    def _by_phone(self, group: _Group) -> _Slot | None:
        first = self._records[group.rows[0]]
        for row in group.rows:
            phone = self._records[row].phone
            same = [slot for slot in self._phones.get((first.name, phone), ()) if not slot.claimed] if phone else []
            if same:
                return min(same, key=lambda slot: slot.address != (first.key, first.room))
        return None

    def _by_address(self, group: _Group) -> _Slot | None:
        for row in group.rows:
            record = self._records[row]
            if record.key and record.room:
                for slot in self._rooms.get((record.name, record.key, record.room), ()):
                    if not slot.claimed:
                        return slot
        return None

    def _settle(self, group: _Group, slot: _Slot | None) -> bool:
        """Let the group be this person of the roster; False if there is none."""
        if slot is None or slot.known is None:
            return False
        self._keep(group, slot, slot.known)
        return True

    def _settle_bare(self, group: _Group) -> None:
        """Rows with a name and neither number nor room: the one namesake whom nothing in them contradicts."""
        record = self._records[group.rows[0]]
        alike = self._rooms.get((record.name, record.key, record.room), ())
        exact = [slot for slot in alike if not slot.values["phone"] and not slot.claimed]
        if exact:
            self._settle(group, exact[0])
            return
        fitting = list(islice(self._fitting(record), 2))
        said = Found(trouble=Trouble.MATCHED_BY_NAME, field="name", value=record.name)
        if not fitting:
            self._add(group)
        elif len(fitting) > 1:
            said = Found(trouble=Trouble.AMBIGUOUS, field="name", value=record.name)
            for row in group.rows:
                self._planned[row] = _planned(self._records[row], RowFate.REFUSED, [*self._records[row].found, said])
        elif fitting[0].claimed or fitting[0].known is None:
            for row in group.rows:
                self._planned[row] = _planned(self._records[row], RowFate.DUPLICATE, [*self._records[row].found, said])
        else:
            self._keep(group, fitting[0], fitting[0].known, said)

    def _fitting(self, record: Record) -> Iterator[_Slot]:
        """Namesakes whose building and room, as the import leaves them, don't contradict the row."""
        for key in ["", record.key] if record.key else list(self._buildings_of[record.name]):
            for slot in self._namesakes[record.name, key]:
                if slot.values["building"] == key and _fits(record.room, slot.values["room"]):
                    yield slot

    def _add(self, group: _Group) -> None:
        record = self._records[group.rows[0]]
        self._settled(record.name, _Slot(None, _values(record)))
        roles = (Role.VOLUNTEER, *([Role.BUILDING_LEADER] if record.leader else []))
        self._planned[group.rows[0]] = _planned(record, RowFate.NEW, self._found(record), roles=roles)
        self._duplicates(group)

    def _settled(self, name: str, slot: _Slot) -> None:
        """Let bare names find the person where they live after the import."""
        self._namesakes[name, slot.values["building"]].append(slot)
        self._buildings_of[name][slot.values["building"]] = None

    def _keep(self, group: _Group, slot: _Slot, known: Known, said: Found | None = None) -> None:
        slot.claimed = True
        record = self._records[group.rows[0]]
        updates = _updates(slot, record, bare=said is not None) if known.kept_here else {}
        changes = [_change(field, slot.values[field], after, self._titles) for field, after in updates.items()]
        slot.values.update(updates)
        if "building" in updates:
            self._settled(record.name, slot)
        gained = () if known.volunteer else (Role.VOLUNTEER,)
        if record.leader and record.key not in known.leads:
            gained = (*gained, Role.BUILDING_LEADER)
        changes += [Change(field="roles", before="", after=role.value) for role in gained]
        found = [*self._found(record), *([said] if said else [])]
        fate = RowFate.CHANGED if changes else RowFate.SAME
        self._planned[group.rows[0]] = _planned(record, fate, found, known.id, changes, updates, gained)
        self._duplicates(group)

    def _duplicates(self, group: _Group) -> None:
        first = self._records[group.rows[0]]
        for row in group.rows[1:]:
            record = self._records[row]
            found = list(record.found)
            if record.phone and record.phone != first.phone:
                found.append(Found(trouble=Trouble.OTHER_PHONE, field="phone", value=record.phone))
            if record.key and (record.key, record.room) != (first.key, first.room):
                found.append(
                    Found(trouble=Trouble.OTHER_ADDRESS, field="building", value=f"{record.building} {record.room}".strip())
                )
            self._planned[row] = _planned(record, RowFate.DUPLICATE, found)

    def _found(self, record: Record) -> list[Found]:
        names = self._buildings.get(record.key, ())
        if len(names) > 1:
            return [*record.found, Found(trouble=Trouble.BUILDING_AMBIGUOUS, field="building", value="、".join(names[:3]))]
        return record.found


def _fits(said: str, kept: str) -> bool:
    return not said or not kept or said == kept


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


def _planned(
    record: Record,
    fate: RowFate,
    found: Iterable[Found],
    person: UUID | None = None,
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


def _updates(slot: _Slot, record: Record, *, bare: bool) -> dict[str, str]:
    """What the row says otherwise. With `bare` (known by the name alone) not where somebody lives: that would be built on sand."""
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
        if field in {"building", "room"} and (bare or (not record.key and old["building"])):
            continue  # a room without a building says nothing about the one that is known
        if field == "born" and before.startswith(f"{after}-"):
            continue  # known more exactly already
        updates[field] = after
    return updates


def _change(field: str, before: str, after: str, titles: Mapping[str, str]) -> Change:
    if field == "building":
        return Change(field=field, before=titles.get(before, before), after=titles.get(after, after))
    return Change(field=field, before=before, after=after)
