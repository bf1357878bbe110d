"""What the cells of a roster mean, one field at a time. Pure; nothing is guessed in silence: whatever is unsure comes back as a
trouble.
"""

import datetime
import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

import msgspec

from mingxun.people.rules import normalise_phone

Cell = str | float | int | list[str]
"""As `extraction` gives it: a text, a number, or a date in a list."""

LIMITS = {"name": 40, "phone_note": 120, "political_status": 40, "room": 40, "building": 40, "availability": 120, "remark": 500}
"""Characters kept of each text."""
MAX_SKILLS, MAX_SKILL = 20, 40


class Trouble(StrEnum):
    """Something about a row that a person should know. Each has a sentence in each language (`wording`)."""

    NAME_MISSING = "name_missing"
    """The row has data but no name. Fatal."""
    NAME_ODD = "name_odd"
    """What stands in the name's column is no name. Fatal."""
    AMBIGUOUS = "ambiguous"
    """Several people of this name, and neither telephone nor address to tell them apart. Fatal."""
    PHONE_SHORT = "phone_short"
    """Digits are missing; left out."""
    PHONE_ODD = "phone_odd"
    """Not a telephone number; left out."""
    PHONE_ROUNDED = "phone_rounded"
    """The spreadsheet rounded it (1.38E+10); left out."""
    PHONE_NO_AREA_CODE = "phone_no_area_code"
    """A landline without its area code; left out."""
    PHONE_SECOND = "phone_second"
    """Two numbers in one cell; the second is kept as a note."""
    PHONE_IS_ID = "phone_is_id"
    """An identity number in the telephone's column; left out, and never stored."""
    BORN_AMBIGUOUS = "born_ambiguous"
    """A number like 1967.1 can be January or October; only the year is kept."""
    BORN_ODD = "born_odd"
    """Not a date that can be a birthday; left out."""
    ADDRESS_ODD = "address_odd"
    """No building could be made out; kept as it is."""
    BUILDING_AMBIGUOUS = "building_ambiguous"
    """The neighbourhood has several buildings of this number; the first is taken."""
    LEADER_WITHOUT_BUILDING = "leader_without_building"
    """Marked as a building leader, but no building is known; taken in as a volunteer only."""
    ID_REMOVED = "id_removed"
    """An identity number stood in a text; it is taken out, and never stored."""
    SHORTENED = "shortened"
    """A text was too long; its end is left out."""
    OTHER_PHONE = "other_phone"
    """The row says the same person as an earlier one, with another number; look at which is right."""
    OTHER_ADDRESS = "other_address"
    """The row says the same person as an earlier one, with another address; look at which is right."""
    MATCHED_BY_NAME = "matched_by_name"
    """Neither telephone nor address; taken for the one person of that name."""


FATAL = frozenset({Trouble.NAME_MISSING, Trouble.NAME_ODD, Trouble.AMBIGUOUS})


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A trouble, the field it is in, and what stood there."""

    trouble: Trouble
    field: str
    value: str


_ID_NUMBER = re.compile(r"(?<![0-9])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9])")


def masked(text: str) -> str:
    """The text without identity numbers, which may not even be quoted."""
    return _ID_NUMBER.sub("******", unicodedata.normalize("NFKC", text)) if len(text) >= 18 else text


_BLANKS = re.compile(r"[\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028\u2029\ufeff]+")


def text_of(cell: Cell) -> str:
    """The cell as one line: numbers without a needless `.0`, full-width signs and spaces made plain, blanks at the ends cut."""
    if isinstance(cell, str):
        return _plain(cell) if cell else ""
    if isinstance(cell, list):
        return cell[0]
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    return str(cell)


@lru_cache(maxsize=50_000)
def _plain(text: str) -> str:
    return _BLANKS.sub(" ", text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()


def line(cell: Cell, field: str, found: list[Found]) -> str:
    """A free text, cut to its limit and without identity numbers. Keeps Chinese punctuation as it is."""
    raw = str(cell) if isinstance(cell, str) else text_of(cell)
    text = _BLANKS.sub(" ", raw).strip()
    clean = masked(text)
    if clean != text and "******" in clean:
        found.append(Found(trouble=Trouble.ID_REMOVED, field=field, value=""))
        text = clean
    limit = LIMITS[field]
    if len(text) > limit:
        found.append(Found(trouble=Trouble.SHORTENED, field=field, value=text[limit:][:60]))
        text = text[:limit].rstrip()
    return text


_NAME_NOTE = re.compile(r"[(\[【〔]([^)\]】〕]*)[)\]】〕]?")


def name_of(cell: Cell) -> tuple[str, str]:
    """The name, and what stood in brackets behind it. The name is empty if there is none, or if it can't be one."""
    text = text_of(cell)
    notes = [note.strip() for note in _NAME_NOTE.findall(text) if note.strip()]
    name = _NAME_NOTE.sub("", text).strip(" *.、,:;")
    if re.search(r"[\u3400-\u9fff\U00020000-\U0003ffff]", name):
        name = re.sub(r"\s+", "", name)
    name = name.replace("•", "·").replace("・", "·")
    if len(name) > LIMITS["name"] or re.search(r"\d", name) or not any(character.isalpha() for character in name):
        return "", ""
    return name, "；".join(notes)


class PhoneCell(msgspec.Struct, frozen=True, kw_only=True):
    """What a telephone's cell says."""

    phone: str | None
    note: str


_SPLIT = re.compile(r"[/、,;|&\n]|或|和")
_BRACKETS = re.compile(r"[(\[【](.*?)[)\]】]")
_DIGITS = re.compile(r"\d")


def phones_of(cells: Iterable[Cell], found: list[Found]) -> PhoneCell:
    """The first usable number of the telephone columns of a row. Whose it is (“子女”) and a second number become the note."""
    numbers: list[str] = []
    notes: list[str] = []
    for cell in cells:
        text = re.sub(r"[‐‑‒–—―−]", "-", re.sub(r"(?<=\d)\.0+$", "", text_of(cell)))
        if not text:
            continue
        if _ID_NUMBER.fullmatch(text.replace(" ", "")):
            found.append(Found(trouble=Trouble.PHONE_IS_ID, field="phone", value=""))
            continue
        if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
            mantissa, _, exponent = text.lower().partition("e")
            if len(mantissa.replace(".", "")) < int(exponent) + 1:
                found.append(Found(trouble=Trouble.PHONE_ROUNDED, field="phone", value=text))
                continue
            text = str(int(float(text)))
        for note in _BRACKETS.findall(text):
            if _DIGITS.search(note) and not re.search(r"[^\d+\s\-]", note):
                continue
            notes.append(note.strip())
        text = _BRACKETS.sub(lambda match: match[0][1:-1] if _DIGITS.search(match[1]) and match[1].isascii() else " ", text)
        for part in _parts(text):
            _take_number(part, numbers, notes, found)
    unique = list(dict.fromkeys(numbers))
    if len(unique) > 1:
        others = "、".join(number.removeprefix("+86") for number in unique[1:])
        found.append(Found(trouble=Trouble.PHONE_SECOND, field="phone", value=others))
        notes.append(f"另 {others}")
    note = "；".join(dict.fromkeys(note for note in notes if note))
    return PhoneCell(phone=unique[0] if unique else None, note=note[: LIMITS["phone_note"]])


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for part in _SPLIT.split(text):
        digits = re.sub(r"\D", "", part)
        if re.fullmatch(r"(1[3-9]\d{9}){2,3}", digits):
            parts += [digits[i : i + 11] for i in range(0, len(digits), 11)]
        elif part.strip():
            parts.append(part.strip())
    return parts


def _take_number(part: str, numbers: list[str], notes: list[str], found: list[Found]) -> None:
    words = re.sub(r"[\d\s+\-().:·—–*#]", "", part)
    number = re.sub(r"[^\d+\-\s]", "", part).strip()
    digits = re.sub(r"\D", "", number)
    if not digits:
        if words in {"", "无", "没有", "未知", "不详", "暂无"}:
            return
        notes.append(words)
        return
    label = re.sub(r"^(电话|手机|座机|固话|手机号|宅电|家|tel|mob)[::]?$", "", words, flags=re.IGNORECASE)
    phone = normalise_phone(number)
    if phone is not None:
        numbers.append(phone)
        if label:
            notes.append(label)
        return
    if digits.startswith("1") and len(digits) != 11 and 7 <= len(digits) <= 13 and not re.fullmatch(r"\d{7,8}", digits):
        trouble = Trouble.PHONE_SHORT if len(digits) < 11 else Trouble.PHONE_ODD
    elif re.fullmatch(r"[2-8]\d{6,7}", digits):
        trouble = Trouble.PHONE_NO_AREA_CODE
    elif 4 <= len(digits) < 11:
        trouble = Trouble.PHONE_SHORT
    else:
        trouble = Trouble.PHONE_ODD
    found.append(Found(trouble=trouble, field="phone", value=masked(part)[:60]))


def born_of(cell: Cell, *, typed: bool, this_year: int, found: list[Found]) -> str:
    """`1948`, `1948-04` or `1948-04-04`, as far as the cell says it; empty if it says none.

    A number 1967.1 is 1967 and ten months if somebody typed 1967.10, which spreadsheets shorten. With `typed` False (a CSV) that
    may have happened to a text, too.
    """
    text = text_of(cell)
    if not text or text in {"无", "不详", "未知", "/", "-"}:
        return ""
    if isinstance(cell, list):
        return _checked(cell[0], text, this_year, found)
    numeric = isinstance(cell, int | float)
    if (
        numeric
        and isinstance(cell, int | float)
        and float(cell).is_integer()
        and 3_654 <= cell <= 60_000
        and not 1900 <= cell <= this_year
    ):
        day = datetime.date(1899, 12, 30) + datetime.timedelta(days=int(cell))
        return _checked(day.isoformat(), text, this_year, found)
    if re.fullmatch(r"\d{4}\.1", text) and (numeric or not typed):
        year = _checked(text[:4], text, this_year, found)
        if year:
            found.append(Found(trouble=Trouble.BORN_AMBIGUOUS, field="born", value=text))
        return year
    match = (
        re.fullmatch(r"((?:18|19|20)\d{2})(\d{2})(\d{2})", text)
        or re.fullmatch(r"((?:18|19|20)\d{2})(\d{2})()", text)
        or re.search(r"(?<!\d)(\d{4})\s*[年./\-]\s*(\d{1,2})\s*[月./\-]\s*(\d{1,2})(?!\d)", text)
        or re.search(r"(?<!\d)(\d{4})\s*[年./\-]\s*(\d{1,2})(?!\d)()", text)
        or re.fullmatch(r"(\d{4})\s*年?(?:生|出生)?()()", text)
    )
    if match is None:
        found.append(Found(trouble=Trouble.BORN_ODD, field="born", value=masked(text)[:60]))
        return ""
    parts = [match[1], *(f"{int(part):02d}" for part in (match[2], match[3]) if part)]
    return _checked("-".join(parts), text, this_year, found)


def _checked(born: str, text: str, this_year: int, found: list[Found]) -> str:
    year, *rest = (int(part) for part in born.split("-"))
    try:
        datetime.date(year, rest[0] if rest else 1, rest[1] if len(rest) > 1 else 1)
        fits = this_year - 120 <= year <= this_year
    except ValueError:
        fits = False
    if fits:
        return born
    found.append(Found(trouble=Trouble.BORN_ODD, field="born", value=text[:60]))
    return ""


def yes(cell: Cell) -> bool:
    """Whether a cell says yes: 是, √, 1, Y …"""
    return text_of(cell).lower() in {
        "是",
        "√",
        "✓",
        "✔",
        "☑",
        "y",
        "yes",
        "true",
        "1",
        "对",
        "有",
        "在任",
        "楼组长",
        "楼长",
        "组长",
    }


def skills_of(cell: Cell) -> list[str]:
    """Skills, cut at the usual marks; each once."""
    parts = re.split(r"[、,;/|\n]|\s{2,}", masked(text_of(cell)))
    return list(dict.fromkeys(part.strip()[:MAX_SKILL] for part in parts if part.strip() and part.strip() not in {"无", "-"}))[
        :MAX_SKILLS
    ]


def gender_of(cell: Cell) -> str:
    """男 or 女; empty if the cell says neither."""
    text = text_of(cell).lower()
    return "男" if text in {"男", "男性", "m", "male"} else "女" if text in {"女", "女性", "f", "female"} else ""
