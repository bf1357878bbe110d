"""A week of shifts around today: planned, filled, served, and here and there not as planned."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mingxun.checkins.check_in import check_in
from mingxun.checkins.check_out import check_out
from mingxun.checkins.schemas import CheckIn, CheckOut, Direction, PhonePosition, VouchCheckIn
from mingxun.checkins.vouch import vouch_check_in
from mingxun.demo.residents import RESIDENTS
from mingxun.demo.story import Story
from mingxun.kit.ids import new_id
from mingxun.places.codes import code_url, mint_poster
from mingxun.shifts.joining import assign, sign_up, withdraw
from mingxun.shifts.planning import cancel_shift, create_shift
from mingxun.shifts.schemas import CancelShift, CreateShift, NeedIn, NeedRole, ShiftKind

COORDINATOR = "陆敏"
PLANNED = -6
"""The day, counted from today, on which the week was planned."""
FIRST, LAST = -4, 5

MORNING = (
    "金宝娣",
    "金林根",
    "陆建国",
    "吴秀英",
    "冯美珍",
    "朱桂芳",
    "胡月仙",
    "曹秋月",
    "袁海根",
    "丁彩凤",
    "阎立根",
    "余月娥",
    "夏凤英",
)
POST = ("高志明", "沈福生", "许国平", "徐伟民", "郭长庚", "邓玉珠", "姜国安", "叶志芳")
SORTING = ("蒋丽华", "何玉兰", "梁爱萍", "孙雅琴", "姚金凤", "唐荣根", "范阿英", "熊招娣", "田水根")
EVENING = ("罗振华", "马永昌", "郑惠珍", "谢宝康", "董佩芬", "傅琴芳", "魏金宝", "戴学勤", "钟永福", "任翠英", "石玉良", "谭建华")
WEEKEND = ("潘家骏", "萧慧敏", "林凤娟", "于建新", "蔡文娟", "汪静宜")
FLOOD = ("方志远", "韩素梅", "贾顺发", "程志强", "宋德明", "邹鹤鸣")
NOW = ("严根宝", "廖秀珍", "金宝娣")
"""On the round that runs at this moment. The last one, as whom visitors sign in, has not come yet: it is theirs to scan."""
CALLED_OFF = (3, "09:30", "11:30", ("潘家骏", "孙雅琴", "金宝娣"))
"""The day, from–to, and who signs up, before it is cancelled. In the morning: on a Saturday afternoon the garden calls."""
ACCOUNTS = {"金宝娣", "金林根", "高志明", "陆建国", "蒋丽华", "沈福生", "孙雅琴", "罗振华", "潘家骏"}
"""They sign up and scan themselves; others are put down by the coordinator, and scan with a neighbour's help or are vouched for."""
NO_PHONE = {resident.name for resident in RESIDENTS if "智能手机" in resident.remark or "座机" in resident.remark}


@dataclass(frozen=True, slots=True)
class Plan:
    """A shift, and who of `people` takes it."""

    kind: ShiftKind
    title: str
    location: str
    starts_at: datetime
    ends_at: datetime
    needs: tuple[NeedIn, ...]
    people: tuple[str, ...]
    planned_at: datetime
    note: str = ""
    supports_property: bool = False


def plan_week(story: Story) -> None:
    """Have the week happen: everything until now, and the plans beyond it."""
    for plan in plans_of(story):
        _happen(story, plan)
    _cancelled(story)
    _unscheduled_round(story)


def plans_of(story: Story) -> list[Plan]:
    """Every shift of the week that takes place."""
    return [plan for day in range(FIRST, LAST + 1) for plan in _day(story, day)] + _singular(story)


def _anyone(minimum: int, desired: int, maximum: int) -> NeedIn:
    return NeedIn(minimum=minimum, desired=desired, maximum=maximum)


def _turn(pool: tuple[str, ...], day: int, count: int) -> tuple[str, ...]:
    """Everybody's turn comes round."""
    start = (day - FIRST) * 2
    return tuple(pool[(start + step) % len(pool)] for step in range(count))


def _day(story: Story, day: int) -> list[Plan]:
    """What happens every day. Up to tomorrow all is filled; further on there are gaps."""
    planned = story.on(PLANNED, "15:00")
    full = day <= 1
    weekday = story.on(day, "12:00").astimezone(story.settings.timezone).weekday()
    plans = [
        Plan(
            kind=ShiftKind.PATROL,
            title="早间巡逻",
            location="东大门岗亭",
            starts_at=story.on(day, "07:30"),
            ends_at=story.on(day, "09:00"),
            needs=(_anyone(2, 2, 3),),
            people=_turn(MORNING, day, 2 if full else max(0, 4 - day)),
            planned_at=planned,
            note="绕小区一圈，重点看垃圾清运、绿化和停车。红袖章在岗亭抽屉里。",
        ),
        Plan(
            kind=ShiftKind.WASTE_SORTING,
            title="垃圾分类值守",
            location="垃圾分类厢房",
            starts_at=story.on(day, "18:00"),
            ends_at=story.on(day, "20:00"),
            needs=(_anyone(1, 2, 2),),
            people=_turn(SORTING, day, 2 if full else max(0, 3 - day)),
            planned_at=planned,
        ),
        Plan(
            kind=ShiftKind.PATROL,
            title="夜间巡逻",
            location="西大门",
            starts_at=story.on(day, "19:30"),
            ends_at=story.on(day, "21:30"),
            needs=(_anyone(2, 3, 4),),
            people=_turn(EVENING, day, 3 if day < 0 else 2 if full else max(0, 3 - day)),
            planned_at=planned,
            note="与物业保安一起走；只看、只报，不处置。",
            supports_property=True,
        ),
    ]
    if weekday < 5:
        plans.append(
            Plan(
                kind=ShiftKind.PIONEER_POST,
                title="党员先锋岗",
                location="社区活动室",
                starts_at=story.on(day, "09:30"),
                ends_at=story.on(day, "11:30"),
                needs=(NeedIn(role=NeedRole.PARTY_MEMBER, minimum=1, desired=2, maximum=2),),
                people=_turn(POST, day, 2 if full else max(0, 3 - day)),
                planned_at=planned,
            )
        )
    if weekday == 5:
        plans.append(
            Plan(
                kind=ShiftKind.GARDEN,
                title="社区花园养护",
                location="中心花园",
                starts_at=story.on(day, "14:00"),
                ends_at=story.on(day, "16:00"),
                needs=(_anyone(3, 5, 10),),
                people=WEEKEND[: 5 if day <= 0 else 2],
                planned_at=planned,
                note="带手套。小朋友可以一起来。",
            )
        )
    return plans


def _singular(story: Story) -> list[Plan]:
    """What happens once: a round that runs at this moment, flood duty the day after tomorrow, a gap tomorrow."""
    quarter = timedelta(minutes=15)
    began = story.now - timedelta(minutes=50)
    began -= timedelta(seconds=began.timestamp() % quarter.total_seconds())
    return [
        Plan(
            kind=ShiftKind.PATROL,
            title="不定期巡查",
            location="河滨步道",
            starts_at=began,
            ends_at=began + timedelta(hours=3),
            needs=(_anyone(2, 3, 4),),
            people=NOW,
            planned_at=began - timedelta(hours=5),
            note="看步道、充电棚和消防通道。",
        ),
        Plan(
            kind=ShiftKind.TYPHOON_FLOOD,
            title="防汛值守",
            location="地下车库入口",
            starts_at=story.on(2, "13:00"),
            ends_at=story.on(2, "19:00"),
            needs=(
                _anyone(4, 6, 8),
                NeedIn(role=NeedRole.FIRST_AID, minimum=1, desired=1, maximum=2),
                NeedIn(role=NeedRole.BUILDING_LEADER, minimum=1, desired=2, maximum=3),
            ),
            people=FLOOD[:4],
            planned_at=story.ago(hours=20),
            note="沙袋在车库值班室。水到脚踝就撤，打统筹员电话。",
            supports_property=True,
        ),
        Plan(
            kind=ShiftKind.COLD_WEATHER,
            title="寒潮入户关怀",
            location="社区活动室",
            starts_at=story.on(1, "13:30"),
            ends_at=story.on(1, "16:30"),
            needs=(_anyone(3, 4, 6),),
            people=(WEEKEND[-1],),  # the garden may call the others on the same afternoon
            planned_at=story.ago(hours=18),
            note="两人一组，看独居老人；名单在活动室领。",
        ),
    ]


def _happen(story: Story, plan: Plan) -> None:
    async def create() -> None:
        wanted = CreateShift(
            kind=plan.kind,
            title=plan.title,
            location=story.locations[plan.location].id,
            starts_at=plan.starts_at,
            ends_at=plan.ends_at,
            note=plan.note,
            supports_property=plan.supports_property,
            needs=list(plan.needs),
        )
        made = await create_shift(await story.actor(COORDINATOR), story.neighbourhood.id, wanted, now=story.clock.now())
        for order, name in enumerate(plan.people):
            _join(story, plan, made.id, name, order)

    story.then(plan.planned_at, create)


def _join(story: Story, plan: Plan, shift: UUID, name: str, order: int) -> None:
    latest = min(plan.starts_at, story.now) - timedelta(minutes=30)
    span = max(latest - plan.planned_at, timedelta(0))
    at = plan.planned_at + timedelta(minutes=20) + span * min(0.8, 0.1 * order + story.dice.random() / 2)

    async def join() -> None:
        now = story.clock.now()
        if name in ACCOUNTS:
            await sign_up(await story.actor(name), shift, now=now)
        else:
            await assign(await story.actor(COORDINATOR), shift, story.people[name], need=None, now=now)
        _serve(story, plan, shift, name, order)

    story.then(min(at, story.now), join)


def _serve(story: Story, plan: Plan, shift: UUID, name: str, order: int) -> None:
    """How somebody comes and goes: mostly on time and evidenced, sometimes not, as it is."""
    dice = story.dice
    comes = plan.starts_at + timedelta(minutes=dice.randint(-9, 4), seconds=dice.randint(0, 59))
    goes = plan.ends_at + timedelta(minutes=dice.randint(-3, 12), seconds=dice.randint(0, 59))
    chance = dice.random()
    if plan.title == "不定期巡查" and order == 2:
        return  # is late at this moment
    if chance < 0.04 and order > 0:
        return  # never came
    if name in NO_PHONE:
        story.then(comes + timedelta(minutes=12), lambda: _vouch(story, shift, name, comes, Direction.IN))
        story.then(goes + timedelta(minutes=20), lambda: _vouch(story, shift, name, goes, Direction.OUT))
        return
    late = timedelta(minutes=43) if 0.04 <= chance < 0.1 else timedelta(seconds=2)  # the phone had no network
    place = None if 0.1 <= chance < 0.3 else _near(story, plan.location, 0.004 if 0.3 <= chance < 0.35 else 0.0002)
    story.then(comes + late, lambda: _come(story, plan.location, shift, name, comes, place))
    if not 0.9 <= chance < 0.97:  # who forgets to check out is checked out by the worker
        story.then(goes + timedelta(seconds=2), lambda: _go(story, plan.location, name, goes))


def _near(story: Story, location: str, spread: float) -> PhonePosition | None:
    """Somewhere around the location, `spread` degrees off at most: 0.0001 is ten metres."""
    place = story.locations[location]
    if place.latitude is None or place.longitude is None:
        return None
    off = spread * (0.3 + 0.7 * story.dice.random())
    return PhonePosition(
        latitude=place.latitude + off, longitude=place.longitude - off / 2, accuracy=float(story.dice.choice((8, 12, 15, 24, 35)))
    )


def _code(story: Story, location: str) -> str:
    place = story.locations[location]
    return code_url(story.settings.public_url, mint_poster(place.id, place.key_version, story.keys))


async def _come(story: Story, location: str, shift: UUID | None, name: str, at: datetime, position: PhonePosition | None) -> UUID:
    wanted = CheckIn(
        id=new_id(),
        code=_code(story, location),
        shift=shift,
        at=at,
        sent_at=story.clock.now(),
        position=position,
        device=f"demonstration-{story.people[name].hex[-12:]}",
    )
    receipt = await check_in(
        await story.actor(name), wanted, clock=story.clock, keys=story.keys, limits=story.limits, source="demonstration"
    )
    return receipt.id


async def _go(story: Story, location: str, name: str, at: datetime) -> None:
    wanted = CheckOut(
        id=new_id(),
        code=_code(story, location),
        at=at,
        sent_at=story.clock.now(),
        position=_near(story, location, 0.0002),
        device=f"demonstration-{story.people[name].hex[-12:]}",
    )
    await check_out(
        await story.actor(name), wanted, clock=story.clock, keys=story.keys, limits=story.limits, source="demonstration"
    )


async def _vouch(story: Story, shift: UUID, name: str, at: datetime, direction: Direction) -> None:
    wanted = VouchCheckIn(
        id=new_id(), person=story.people[name], direction=direction, at=at, reason="没有智能手机，按纸质签到表补录"
    )
    await vouch_check_in(await story.actor(COORDINATOR), shift, wanted, clock=story.clock, keys=story.keys)


def _cancelled(story: Story) -> None:
    """A shift with two people on it that was called off; and somebody who gave a place back."""
    day, begins, ends, people = CALLED_OFF

    async def plan() -> None:
        wanted = CreateShift(
            kind=ShiftKind.PUBLIC_SPACE,
            title="楼道清理",
            location=story.locations["社区活动室"].id,
            starts_at=story.on(day, begins),
            ends_at=story.on(day, ends),
            needs=[_anyone(3, 4, 8)],
        )
        made = await create_shift(await story.actor(COORDINATOR), story.neighbourhood.id, wanted, now=story.clock.now())

        async def join() -> None:
            for name in people:
                await sign_up(await story.actor(name), made.id, now=story.clock.now())

        async def leave() -> None:
            await withdraw(await story.actor(people[-1]), made.id, now=story.clock.now())

        async def cancel() -> None:
            reason = CancelShift(reason="物业同日清洗楼道，改到下周")
            await cancel_shift(await story.actor(COORDINATOR), made.id, reason, now=story.clock.now())

        story.then(story.on(-3, "10:30"), join)
        story.then(story.on(-2, "09:10"), leave)
        story.then(story.ago(hours=6), cancel)

    story.then(story.on(PLANNED, "15:30"), plan)


def _unscheduled_round(story: Story) -> None:
    """Nobody had planned it: 沈福生 walks along the water."""
    comes, goes = story.on(-2, "15:20"), story.on(-2, "15:52")
    place = _near(story, "河滨步道", 0.0002)
    story.then(comes, lambda: _come(story, "河滨步道", None, "沈福生", comes, place))
    story.then(goes, lambda: _go(story, "河滨步道", "沈福生", goes))
