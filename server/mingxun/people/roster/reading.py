"""From the cells of a file to one record a person. Pure."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from mingxun.people.roster import addresses, fields
from mingxun.people.roster.fields import Cell, Found, Trouble, line, text_of
from mingxun.people.roster.headers import Block, Column, Header, canonical, column_of, find_header, header_at


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet as `extraction` gives it."""

    name: str
    rows: list[tuple[int, list[Cell]]]
    merged: list[tuple[int, int, int, int]]
    """Top, left, bottom, right; from 0."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row of the file as understood."""

    row: int
    sheet: str = ""
    name: str = ""
    phone: str | None = None
    phone_note: str = ""
    gender: str = ""
    born: str = ""
    political_status: str = ""
    key: str = ""
    """Of the building (`addresses.building_key`)."""
    building: str = ""
    exact: bool = False
    room: str = ""
    skills: list[str] = []
    leader: bool = False
    availability: str = ""
    remark: str = ""
    found: list[Found] = []


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read out of a file."""

    records: list[Record]
    ignored: list[str]
    """Columns and sheets that hold something and are not taken in."""
    headings: list[str]
    """If there is no column of names anywhere: what was found instead, for the refusal."""
    has_names: bool


_FOOTER = re.compile(
    r"^(合计|总计|小计|共计|总数|总人数|合计人数|填表人|填表|制表人|制表|审核人|审核|负责人|经办人|填报人|填报日期|填表日期|填报单位|日期|签名|签字|盖章"
    r"|注|备注|说明|注意|第\d+页|共\d+页|total|共\d+人)([:\s(]|$|\d)"
)


def read(sheets: Sequence[Sheet], *, hidden: Sequence[str] = (), typed: bool, this_year: int) -> Reading:
    """Every person in the visible sheets, in the file's order."""
    records: list[Record] = []
    ignored: dict[str, None] = {}
    headings: dict[str, None] = {}
    found_names = False
    headed = [(sheet, _filled(sheet), find_header([cells for _, cells in _filled(sheet)])) for sheet in sheets]
    several = sum(header is not None for *_, header in headed) > 1
    for sheet, rows, header in headed:
        if header is None:
            for _, cells in rows[:5]:
                headings.update({text_of(cell)[:40]: None for cell in cells if text_of(cell)})
            continue
        found_names = True
        used: set[int] = set()
        found = _records(sheet, rows, header, typed=typed, this_year=this_year, used=used)
        records.extend(msgspec.structs.replace(record, sheet=sheet.name) if several else record for record in found)
        ignored.update(dict.fromkeys(_unused(rows, header, used)))
    ignored.update({f"{name}（隐藏的工作表）": None for name in hidden})
    return Reading(records=records, ignored=list(ignored)[:100], headings=list(headings)[:20], has_names=found_names)


def _filled(sheet: Sheet) -> list[tuple[int, list[Cell]]]:
    """The rows with merged cells filled downwards (a building for many rows, a header over two), never over a whole line."""
    if not sheet.merged:
        return sheet.rows
    by_number = {number: list(cells) for number, cells in sheet.rows}
    for top, left, bottom, right in sheet.merged:
        if right - left > 8 or bottom - top > 5000:
            continue
        source = by_number.get(top + 1)
        if source is None or left >= len(source):
            continue
        value = source[left]
        for number in range(top + 1, bottom + 2):
            cells = by_number.get(number)
            if cells is None:
                continue
            cells.extend([""] * (left + 1 - len(cells)))
            if not text_of(cells[left]):
                cells[left] = value
    return sorted(by_number.items())


def _records(
    sheet: Sheet, rows: list[tuple[int, list[Cell]]], header: Header, *, typed: bool, this_year: int, used: set[int]
) -> Iterator[Record]:
    title = sheet.name if addresses.is_building(sheet.name) else ""
    cells_only = [cells for _, cells in rows]
    index = header.last + 1
    while index < len(rows):
        number, cells = rows[index]
        again = header_at(cells_only, index) if any(column_of(cell) is Column.NAME for cell in cells) else None
        if again is not None:
            header, index = again, again.last + 1
            continue
        index += 1
        if _is_footer(cells):
            continue
        words = {text_of(cell) for cell in cells if text_of(cell)}
        if len(words) == 1 and addresses.is_building(next(iter(words))):
            title = next(iter(words))  # a line of its own: the building of those below it
            continue
        for block in header.blocks:
            part = cells[block.first : block.end]
            if any(text_of(cell) for cell in part):
                record = _record(number, cells, block, title=title, typed=typed, this_year=this_year)
                used.update(i for places in block.columns.values() for i in places)
                if record is not None:
                    yield record


def _is_footer(cells: Sequence[Cell]) -> bool:
    """Sums, signatures and remarks below the list."""
    words = [text_of(cell) for cell in cells if text_of(cell)]
    return not words or bool(_FOOTER.match(words[0].replace(" ", "").lower())) or (len(words) == 1 and len(words[0]) > 15)


def _record(number: int, cells: list[Cell], block: Block, *, title: str, typed: bool, this_year: int) -> Record | None:
    """One person; None when the row holds nobody (a serial number, a section's title)."""

    def of(column: Column) -> list[Cell]:
        return [cells[place] for place in block.columns.get(column, ()) if place < len(cells) and text_of(cells[place])]

    def first(column: Column) -> Cell:
        return next(iter(of(column)), "")

    raw_name = text_of(first(Column.NAME))
    filled = [column for column in block.columns if column is not Column.SERIAL and of(column)]
    if not raw_name and (len(filled) < 2 or _looks_like_section(filled)):
        return None
    if raw_name and filled == [Column.NAME] and (len(raw_name) > 6 or column_of(raw_name) or _is_section(raw_name)):
        return None
    found: list[Found] = []
    name, note = fields.name_of(raw_name)
    if not raw_name:
        found.append(Found(trouble=Trouble.NAME_MISSING, field="name", value=""))
    elif not name:
        found.append(Found(trouble=Trouble.NAME_ODD, field="name", value=fields.masked(raw_name)[:40]))
    phones = fields.phones_of(of(Column.PHONE), found)
    building = first(Column.BUILDING)
    lane = re.sub(r"\D", "", text_of(first(Column.LANE)))
    if lane and text_of(building):
        building = f"{lane}弄{addresses.parse_building(text_of(building)).building}"
    address = _address(first(Column.ADDRESS), building, first(Column.UNIT), first(Column.ROOM), title, found)
    duty = text_of(first(Column.DUTY))
    leader = fields.yes(first(Column.LEADER)) or bool(re.search(r"楼组长|楼栋长|楼长", duty + note))
    if leader and not address.key:
        found.append(Found(trouble=Trouble.LEADER_WITHOUT_BUILDING, field="building", value=""))
    remarks = [str(cell) if isinstance(cell, str) else text_of(cell) for cell in of(Column.REMARK)]
    remark = "；".join(dict.fromkeys([*([note] if note and not re.search(r"楼组长|楼栋长|楼长", note) else []), *remarks]))
    political = line(first(Column.POLITICAL_STATUS), "political_status", found)
    if not political and fields.yes(first(Column.PARTY_MEMBER)):
        political = "中共党员"
    return Record(
        row=number,
        name=name or fields.masked(raw_name)[:40],
        phone=phones.phone,
        phone_note=line(phones.note, "phone_note", found),
        gender=fields.gender_of(first(Column.GENDER)),
        born=fields.born_of(first(Column.BORN), typed=typed, this_year=this_year, found=found),
        political_status=political,
        key=address.key,
        building=address.building,
        exact=address.exact,
        room=address.room,
        skills=[skill for cell in of(Column.SKILLS) for skill in fields.skills_of(cell)][: fields.MAX_SKILLS],
        leader=leader and bool(address.key),
        availability="；".join(line(cell, "availability", found) for cell in of(Column.AVAILABILITY))[:120],
        remark=line(remark, "remark", found),
        found=found,
    )


def _looks_like_section(filled: Sequence[Column]) -> bool:
    return set(filled) <= {Column.BUILDING, Column.ADDRESS, Column.UNIT, Column.REMARK}


def _is_section(text: str) -> bool:
    return bool(re.search(r"(支部|小组|名单|楼组|网格|志愿队|\d)", text))


def _address(whole: Cell, building: Cell, unit: Cell, room: Cell, title: str, found: list[Found]) -> addresses.Address:
    """Where somebody lives, by the columns of address, building, unit and room and by the sheet's title."""
    if text_of(building):
        house = addresses.parse_building(text_of(building))
    elif title:
        house = addresses.parse_address(title)
    else:
        house = addresses.NOWHERE
    written = text_of(whole)
    if written:
        address = addresses.parse_address(written)
        if address.key:
            return address
        number = addresses.parse_room(written, text_of(unit))
        if house.key and number is not None:
            return msgspec.structs.replace(house, room=house.room or number)
        found.append(Found(trouble=Trouble.ADDRESS_ODD, field="building", value=fields.masked(written)[:60]))
        return msgspec.structs.replace(house, room=fields.masked(written)[: fields.LIMITS["room"]])
    if text_of(room):
        number = addresses.parse_room(text_of(room), text_of(unit))
        if number is None or not house.key:
            address = addresses.parse_address(text_of(room))
            if address.key:
                return address
        if not house.key:
            found.append(Found(trouble=Trouble.ADDRESS_ODD, field="building", value=text_of(room)[:60]))
        kept = number if number is not None else fields.masked(text_of(room))[: fields.LIMITS["room"]]
        return msgspec.structs.replace(house, room=house.room or kept)
    return house


def _unused(rows: Sequence[tuple[int, list[Cell]]], header: Header, used: set[int]) -> list[str]:
    """Titles of the columns that hold something and were not read. Serial numbers are no loss."""
    filled = {
        place
        for _, cells in rows[header.last + 1 :]
        if not _is_footer(cells)
        for place, cell in enumerate(cells)
        if text_of(cell)
    }
    titles = []
    for place in sorted(filled - used):
        title = header.titles[place] if place < len(header.titles) else ""
        titles.append(title[:40] if canonical(title) else f"第{place + 1}列")
    return titles
