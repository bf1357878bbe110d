from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mingxun.notifications.spoken import clock, moment, span
from mingxun.people.schemas import Language

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("hour", "minute", "zh", "en"),
    [
        (0, 0, "凌晨0点", "12 am"),
        (6, 5, "早上6点05分", "6:05 am"),
        (8, 0, "上午8点", "8 am"),
        (12, 0, "中午12点", "12 pm"),
        (13, 30, "下午1点半", "1:30 pm"),
        (18, 0, "晚上6点", "6 pm"),
        (23, 59, "晚上11点59分", "11:59 pm"),
    ],
)
def test_a_time_is_said_as_people_say_it(hour: int, minute: int, zh: str, en: str) -> None:
    assert clock(at(7, hour, minute), SHANGHAI, Language.ZH) == zh
    assert clock(at(7, hour, minute), SHANGHAI, Language.EN) == en


def test_a_moment_has_its_date_since_it_may_be_read_on_another_day() -> None:
    assert moment(at(7, 19, 30), SHANGHAI, Language.ZH) == "10月7日（周三）晚上7点半"
    assert moment(at(7, 19, 30), SHANGHAI, Language.EN) == "Wed 7 Oct, 7:30 pm"


def test_a_span_within_a_day_says_the_day_once() -> None:
    assert span(at(7, 19, 30), at(7, 21), SHANGHAI, Language.ZH) == "10月7日（周三）晚上7点半到9点"
    assert span(at(7, 9), at(7, 14), SHANGHAI, Language.ZH) == "10月7日（周三）上午9点到下午2点"
    assert span(at(7, 9), at(7, 14), SHANGHAI, Language.EN) == "Wed 7 Oct, 9 am to 2 pm"


def test_a_span_over_midnight_says_both_days() -> None:
    assert span(at(7, 22), at(8, 6), SHANGHAI, Language.ZH) == "10月7日（周三）晚上10点到10月8日（周四）早上6点"
    assert span(at(7, 22), at(8, 6), SHANGHAI, Language.EN) == "Wed 7 Oct, 10 pm to Thu 8 Oct, 6 am"
