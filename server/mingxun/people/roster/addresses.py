"""Buildings and rooms in the ways that rosters write them. Pure.

`37号202室`, `37-202`, `37幢202`, `5弄2号904`, `3号楼2单元501`, `A座1203` …
"""

import re
import unicodedata

import msgspec

_CHINESE = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = r"(?:号楼|号|幢|栋|座|楼|#)"
_DIGIT = r"(?:\d{1,4}[A-Za-z甲乙丙丁]?|[A-Za-z]\d{0,3}|[甲乙丙丁])"
_ROOM = r"[0-9A-Za-z][0-9A-Za-z\-]{0,7}"
_TAIL = r"(?:室|房|户)?"
_UNIT = r"(?:单元|门)"

_LANE = re.compile(rf"(?P<lane>\d{{1,5}})弄[\s,\-]*(?P<number>{_DIGIT}){_UNITS}楼?[\s,\-]*(?P<rest>.*)")
_LANE_DASH = re.compile(rf"(?P<lane>\d{{1,5}})弄[\s,]*(?P<number>{_DIGIT})[\-/](?P<rest>.+)")
_NAMED = re.compile(rf"(?P<number>{_DIGIT})(?P<unit>{_UNITS})楼?[\s,\-]*(?P<rest>.*)")
_DASHED = re.compile(rf"(?P<number>{_DIGIT})\s*[\-/\\_]\s*(?P<rest>{_ROOM}{_TAIL})")
_ROOM_ONLY = re.compile(rf"(?P<unit>{_DIGIT}{_UNIT})?[\s\-]*(?P<room>{_ROOM}){_TAIL}")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A building and a room in it."""

    key: str
    """Tells buildings apart however they are written: `37`, `5弄2`, `a`. Empty if the building is not known."""
    building: str
    """The building's name if it has to be made; empty if it is not known."""
    exact: bool
    """The name was written out (37号, 37幢), not concluded from `37-202`."""
    room: str


NOWHERE = Address(key="", building="", exact=False, room="")


def plain(text: str) -> str:
    """One way of writing: full-width signs, dashes, blanks and Chinese numerals made plain."""
    text = unicodedata.normalize("NFKC", text).strip()
    text = re.sub(r"[—–―－‐‑−﹣~]", "-", text)
    text = re.sub(r"(?<=[\u4e00-\u9fff])\s+|\s+(?=[\u4e00-\u9fff])", "", text)
    return re.sub(
        r"[零一二两三四五六七八九十百]+(?=(?:号|幢|栋|座|楼|弄|单元|门|室))", lambda match: str(_number(match[0])), text
    )


def _number(text: str) -> int:
    value = digit = 0
    for character in text:
        if character in _CHINESE:
            digit = _CHINESE[character]
        else:
            weight = 10 if character == "十" else 100
            value, digit = value + (digit or 1) * weight, 0
    return value + digit


def building_key(name: str) -> str:
    """What makes a building's name the same as another way of writing it: `37号`, `37号楼` and `37幢` are one building."""
    text = plain(name)
    for pattern in (_LANE, _NAMED):
        match = pattern.fullmatch(text) or pattern.fullmatch(_after_road(text))
        if match and not match["rest"]:
            return _key(match)
    if re.fullmatch(_DIGIT, text):
        return _norm(text)
    return text.lower()


def parse_address(text: str) -> Address:
    """Building and room; `NOWHERE` if no building can be made out."""
    whole = plain(text)
    for candidate in dict.fromkeys((whole, _after_road(whole))):
        for pattern in (_LANE, _LANE_DASH, _NAMED):
            match = pattern.fullmatch(candidate)
            if match:
                room = _room(match["rest"])
                if room is not None:
                    return Address(key=_key(match), building=_name(match), exact=True, room=room)
        match = _DASHED.fullmatch(candidate)
        if match:
            room = _room(match["rest"])
            if room is not None:
                number = match["number"].upper()
                return Address(key=_norm(number), building=_suffixed(number), exact=False, room=room)
    for pattern in (_LANE, _NAMED):
        match = pattern.fullmatch(_after_road(whole))
        if match and not re.search(r"[号幢栋座弄]", match["rest"]):
            return Address(key=_key(match), building=_name(match), exact=True, room=match["rest"][:40])
    return NOWHERE


def parse_building(text: str) -> Address:
    """A cell of a building's column: `37`, `37号`, `37幢` or, if it says more, building and room."""
    whole = plain(text)
    if not whole:
        return NOWHERE
    found = parse_address(whole)
    if found.key:
        return found
    if re.fullmatch(_DIGIT, whole):
        return Address(key=_norm(whole), building=_suffixed(whole.upper()), exact=False, room="")
    return Address(key=whole.lower(), building=whole[:40], exact=True, room="")


def parse_room(text: str, unit: str = "") -> str | None:
    """A cell of a room's column; None if it is no room number. `unit` is the cell of a column of its own (单元)."""
    room = _room(plain(text))
    stairs = re.sub(rf"{_UNIT}$", "", plain(unit))
    return room if room is None or not stairs or not room else f"{stairs}-{room}"


def is_building(text: str) -> bool:
    """Whether a title (of a sheet) is nothing but a building's name, like 37号 or 3幢; a bare number is not."""
    found = parse_address(text)
    return bool(found.key) and not found.room


def _room(text: str) -> str | None:
    if text == "":
        return ""
    match = _ROOM_ONLY.fullmatch(text)
    if match is None:
        return None
    stairs = re.sub(rf"{_UNIT}$", "", match["unit"]) if match["unit"] else ""
    room = match["room"].strip("-").upper()
    return f"{stairs}-{room}" if stairs else room


def _after_road(text: str) -> str:
    """Without what comes before the first number: road, compound, city. (The lane's number stays: it tells compounds apart.)"""
    return re.sub(r"^[^\d]*?(?=\d)", "", text) if re.match(r"[\u4e00-\u9fff]{2,}", text) else text


def _key(match: re.Match[str]) -> str:
    lane = match.groupdict().get("lane")
    return (f"{int(lane)}弄" if lane else "") + _norm(match["number"])


def _norm(number: str) -> str:
    lowered = number.lower()
    return lowered.lstrip("0") or lowered


def _name(match: re.Match[str]) -> str:
    lane = match.groupdict().get("lane")
    number = match["number"].upper()
    if lane:
        return f"{int(lane)}弄{number}号"
    unit = match["unit"]
    return f"{number}{'号' if unit in {'楼', '#'} and number[-1].isdigit() else unit}"


def _suffixed(number: str) -> str:
    return f"{number}号" if number[-1].isdigit() or number[0].isdigit() else f"{number}座"
