"""Who lives in the demonstration. Every name is invented; the numbers are of the range 199 0000, which nobody is given."""

from dataclasses import dataclass

from mingxun.people import Role

PASSWORD = "lingyunli"
"""Of every account of the demonstration. It is printed at every start."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A line of the roster."""

    name: str
    gender: str
    born: str
    building: int
    room: str
    party_member: bool = False
    skills: str = ""
    leads: bool = False
    """楼组长 of their building."""
    available: str = ""
    remark: str = ""


def _line(text: str) -> Resident:
    name, gender, born, building, room, *more = text.split()
    marks = {mark.partition("=")[0]: mark.partition("=")[2] for mark in more}
    return Resident(
        name=name,
        gender=gender,
        born=born,
        building=int(building),
        room=room,
        party_member="党" in marks,
        skills=marks.get("长", ""),
        leads="组长" in marks,
        available=marks.get("时", ""),
        remark=marks.get("注", ""),
    )


RESIDENTS = tuple(
    _line(line)
    for line in """
金宝娣 女 1951-03 9 301 时=每天上午
金林根 男 1953-08 9 102 党 组长 时=全天
陆建国 男 1956-11 9 502 党 时=工作日上午
吴秀英 女 1954-05 9 601 时=上午
高志明 男 1960-02 10 201 党 组长 长=电工
冯美珍 女 1957-09 10 302 时=上午
许国平 男 1955-12 10 403 党 长=急救
蒋丽华 女 1962-04 10 501 时=下午和晚上
严根宝 男 1949-07 11 101 党 组长
朱桂芳 女 1952-10 11 202 时=上午
沈福生 男 1958-01 11 303 党 长=摄影
何玉兰 女 1950-06 11 402 注=没有智能手机
徐伟民 男 1963-03 1 101 党 组长 长=急救、水电维修
孙雅琴 女 1959-08 1 203 时=晚上
马永昌 男 1957-05 1 304 时=晚上
胡月仙 女 1955-02 1 402 注=没有智能手机
郭长庚 男 1961-09 2 102 党 组长
林凤娟 女 1964-12 2 201 长=护士 时=周末
罗振华 男 1968-04 2 303 党 时=晚上
梁爱萍 女 1966-07 2 501 时=下午
宋德明 男 1952-01 3 104 党 组长
郑惠珍 女 1958-03 3 204 时=晚上
谢宝康 男 1954-09 3 301 时=晚上
韩素梅 女 1961-11 3 403 党 长=急救
唐荣根 男 1956-06 4 101 组长 时=全天
董佩芬 女 1963-10 4 202 时=晚上
于建新 男 1970-02 4 304 党 时=晚上、周末
萧慧敏 女 1972-05 4 503 长=英语 时=周末
程志强 男 1967-08 5 103 党 组长
曹秋月 女 1953-09 5 201 时=上午
袁海根 男 1950-12 5 302 时=上午
邓玉珠 女 1956-04 5 404 党 时=下午
薛国梁 男 1959-07 6 101 组长 长=木工
傅琴芳 女 1960-03 6 203 时=晚上
卢阿毛 男 1948-11 6 301 注=听力不好，请打座机
蔡文娟 女 1974-06 6 502 党 长=急救 时=周末
贾顺发 男 1962-01 7 102 党 组长
丁彩凤 女 1957-12 7 202 时=上午
魏金宝 男 1955-03 7 304 时=晚上
柏和生 男 1965-05 7 401 党 时=晚上
叶志芳 女 1958-10 8 101 党 组长 时=全天
阎立根 男 1951-02 8 203 时=上午
余月娥 女 1954-08 8 303 时=上午
潘家骏 男 1976-09 8 501 党 长=无人机 时=周末
杜玲娣 女 1959-01 12 102 组长
戴学勤 男 1963-06 12 201 党 时=晚上
夏凤英 女 1952-04 12 302 时=上午
钟永福 男 1957-07 12 403 时=晚上
汪静宜 女 1969-11 12 504 党 长=心理咨询 时=周末
田水根 男 1949-03 1 501 注=行动不便，只做门口值守
任翠英 女 1956-02 2 402 时=晚上
姜国安 男 1961-05 3 502 党 时=下午
范阿英 女 1953-01 4 401 时=上午
方志远 男 1971-08 5 501 党 长=急救 时=晚上、周末
石玉良 男 1958-12 6 402 时=晚上
姚金凤 女 1955-10 7 503 时=下午
谭建华 男 1964-02 8 402 党 时=晚上
廖秀珍 女 1960-09 9 403 时=晚上
邹鹤鸣 男 1966-01 10 604 党 时=周末
熊招娣 女 1951-07 11 501 时=上午
""".strip().splitlines()
)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with an account, as whom a visitor may sign in."""

    role: Role
    title: str
    name: str
    phone: str
    building: int | None = None
    party: str | None = None


def phone_of(name: str) -> str:
    """The number of a resident, as people write it."""
    order = next(index for index, resident in enumerate(RESIDENTS) if resident.name == name)
    return f"1990000{1001 + order}"


GUESTS = (
    Guest(Role.VOLUNTEER, "志愿者 volunteer", "金宝娣", phone_of("金宝娣")),
    Guest(Role.BUILDING_LEADER, "楼组长 building leader", "金林根", phone_of("金林根"), building=9),
    Guest(Role.COORDINATOR, "统筹员 coordinator", "陆敏", "19900000003"),
    Guest(Role.SECRETARY, "书记 secretary", "顾海燕", "19900000002"),
    Guest(Role.HANDLER, "处置方 handler（物业）", "周国强", "19900000004", party="和畅物业"),
    Guest(Role.SUBDISTRICT_ADMIN, "街道管理员 subdistrict admin", "沈佩华", "19900000001"),
)
"""One for each role, as the page of links shows them."""

MORE_ACCOUNTS = (
    Guest(Role.HANDLER, "处置方（业委会）", "许文斌", "19900000005", party="凌云里业委会"),
    Guest(Role.HANDLER, "处置方（居委会）", "陈晓", "19900000006", party="凌云里居委会"),
    Guest(Role.BUILDING_LEADER, "楼组长", "高志明", phone_of("高志明"), building=10),
    *(
        Guest(Role.VOLUNTEER, "志愿者", name, phone_of(name))
        for name in ("陆建国", "蒋丽华", "沈福生", "孙雅琴", "罗振华", "潘家骏")
    ),
)
