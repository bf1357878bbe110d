"""Times as people say them, in the neighbourhood's time zone.

Always with the date, never “tomorrow”: a message is read on another day than it was written.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from mingxun.people.schemas import Language

_WEEKDAYS = "一二三四五六日"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """A day and a time: “10月7日（周三）晚上7点半”, “Wed 7 Oct, 7:30 pm”."""
    local = at.astimezone(zone)
    if language is Language.ZH:
        return f"{_zh_day(local)}{_zh_part(local)}{_zh_clock(local)}"
    return f"{_en_day(local)}, {_en_clock(local)}"


def span(begin: datetime, end: datetime, zone: ZoneInfo, language: Language) -> str:
    """From when to when: “10月7日（周三）晚上7点半到9点”, “Wed 7 Oct, 7:30 pm to 9 pm”."""
    first, last = begin.astimezone(zone), end.astimezone(zone)
    same_day = first.date() == last.date()
    if language is Language.ZH:
        if not same_day:
            return f"{moment(begin, zone, language)}到{moment(end, zone, language)}"
        part = "" if _zh_part(first) == _zh_part(last) else _zh_part(last)
        return f"{_zh_day(first)}{_zh_part(first)}{_zh_clock(first)}到{part}{_zh_clock(last)}"
    if not same_day:
        return f"{moment(begin, zone, language)} to {moment(end, zone, language)}"
    return f"{_en_day(first)}, {_en_clock(first)} to {_en_clock(last)}"


def clock(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """The time alone: “晚上7点半”, “7:30 pm”."""
    local = at.astimezone(zone)
    return f"{_zh_part(local)}{_zh_clock(local)}" if language is Language.ZH else _en_clock(local)


def _zh_day(local: datetime) -> str:
    return f"{local.month}月{local.day}日（周{_WEEKDAYS[local.weekday()]}）"


def _zh_part(local: datetime) -> str:
    for until, word in ((5, "凌晨"), (8, "早上"), (12, "上午"), (13, "中午"), (18, "下午")):
        if local.hour < until:
            return word
    return "晚上"


def _zh_clock(local: datetime) -> str:
    hour = local.hour if local.hour <= 12 else local.hour - 12
    minutes = {0: "", 30: "半"}.get(local.minute, f"{local.minute:02d}分")
    return f"{hour}点{minutes}"


def _en_day(local: datetime) -> str:
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"


def _en_clock(local: datetime) -> str:
    half = "am" if local.hour < 12 else "pm"
    hour = local.hour % 12 or 12
    return f"{hour} {half}" if local.minute == 0 else f"{hour}:{local.minute:02d} {half}"
