"""A dozen tickets, in every state, each with its trail."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mingxun.demo.pictures import draw
from mingxun.demo.story import Story
from mingxun.kit.ids import new_id
from mingxun.tickets.photos import receive_photo
from mingxun.tickets.schemas import (
    Category,
    DeclineTicket,
    HandOverTicket,
    OpenTicket,
    ReopenTicket,
    ResolveTicket,
    Urgency,
    VerifyTicket,
)
from mingxun.tickets.service import (
    claim_ticket,
    decline_ticket,
    hand_over_ticket,
    open_ticket,
    reopen_ticket,
    resolve_ticket,
    verify_ticket,
)

PROPERTY, OWNERS, COMMITTEE = "周国强", "许文斌", "陈晓"
COORDINATOR = "陆敏"


@dataclass(frozen=True, slots=True)
class Claimed:
    at: datetime
    by: str = PROPERTY


@dataclass(frozen=True, slots=True)
class Declined:
    at: datetime
    reason: str
    by: str = PROPERTY


@dataclass(frozen=True, slots=True)
class HandedOver:
    at: datetime
    to: str
    note: str
    by: str = COORDINATOR


@dataclass(frozen=True, slots=True)
class Resolved:
    at: datetime
    note: str
    by: str = PROPERTY


@dataclass(frozen=True, slots=True)
class Verified:
    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reopened:
    at: datetime
    by: str
    reason: str


Act = Claimed | Declined | HandedOver | Resolved | Verified | Reopened


def find_issues(story: Story) -> None:
    """Have the tickets of the week happen."""
    on, ago = story.on, story.ago
    _open(
        story,
        "9号楼 3 楼楼道灯不亮",
        Category.LIGHTING,
        by="金宝娣",
        at=on(-5, "19:10"),
        building=9,
        whereabouts="3 楼走廊尽头",
        acts=(
            Claimed(on(-5, "19:50")),
            Resolved(on(-4, "15:00"), "换了声控灯，试过三次。"),
            Verified(on(-4, "19:40"), "金宝娣", "亮了，谢谢师傅。"),
        ),
    )
    _open(
        story,
        "厢房门口堆着装修垃圾",
        Category.WASTE,
        by="蒋丽华",
        at=on(-4, "18:25"),
        location="垃圾分类厢房",
        details="大约二十袋，占了半个车道。",
        acts=(
            Claimed(on(-4, "18:50")),
            Resolved(on(-3, "10:20"), "已清运，并在 4 号楼张贴装修垃圾投放告知。"),
            Verified(on(-3, "18:05"), "金林根", "清干净了。"),
        ),
    )
    _open(
        story,
        "8号楼 5 楼楼道给电动车电池充电",
        Category.FIRE_SAFETY,
        Urgency.URGENT,
        by="潘家骏",
        at=on(-2, "20:05"),
        building=8,
        whereabouts="5 楼消防栓旁",
        acts=(
            Claimed(on(-2, "20:12")),
            Resolved(on(-2, "21:30"), "当面劝离，充电器已收走，登记该户。"),
            Verified(on(-1, "08:40"), "潘家骏"),
        ),
    )
    _open(
        story,
        "地下车库入口积水",
        Category.WATER,
        Urgency.URGENT,
        by="陆建国",
        at=on(-1, "08:20"),
        location="地下车库入口",
        details="排水沟堵了，水漫到减速带。",
        acts=(Claimed(on(-1, "08:45")), Resolved(ago(hours=3), "排水沟已疏通，清出两桶落叶。")),
    )
    _open(
        story,
        "中心花园长椅木条断裂",
        Category.FACILITIES,
        by="冯美珍",
        at=on(-2, "10:15"),
        location="中心花园",
        acts=(Claimed(on(-2, "14:30")),),
    )
    _open(
        story,
        "消防通道口长期停着一辆旧面包车",
        Category.PARKING,
        by="罗振华",
        at=on(-4, "20:40"),
        area_of=7,
        whereabouts="7号楼东侧",
        acts=(Claimed(on(-3, "09:30")),),
    )
    _open(
        story,
        "香樟树枝垂到步道上",
        Category.GREENERY,
        by="沈福生",
        at=on(-2, "15:40"),
        location="河滨步道",
        details="高个子要弯腰过。",
    )
    _open(story, "11号楼电梯运行有异响", Category.LIFT, by="沈福生", at=ago(minutes=40), building=11, whereabouts="右侧电梯")
    _open(
        story,
        "10号楼单元门禁失灵，门一直开着",
        Category.SECURITY,
        by="高志明",
        at=on(-1, "17:50"),
        building=10,
        acts=(Declined(on(-1, "18:40"), "门禁整体更换需动用维修资金，应由业委会决定。"),),
    )
    _open(
        story,
        "活动室屋顶渗水",
        Category.FACILITIES,
        by="叶志芳",
        at=on(-5, "10:00"),
        location="社区活动室",
        acts=(
            Declined(on(-5, "14:20"), "屋面防水属共用部位大修，超出日常维修。"),
            HandedOver(on(-5, "16:05"), "凌云里业委会", "请业委会按维修资金流程处理，联席会议上说一下进度。"),
            Claimed(on(-4, "19:30"), OWNERS),
        ),
    )
    _open(
        story,
        "西门路灯忽明忽暗",
        Category.LIGHTING,
        by="孙雅琴",
        at=on(-6, "20:15"),
        location="西大门",
        acts=(
            Claimed(on(-6, "20:45")),
            Resolved(on(-5, "11:00"), "更换镇流器。"),
            Reopened(on(-2, "20:20"), "孙雅琴", "又开始闪了，下雨以后更厉害。"),
        ),
    )
    _open(
        story,
        "宣传栏玻璃裂了",
        Category.OTHER,
        by="吴秀英",
        at=ago(hours=5),
        location="东大门岗亭",
        details="靠门那一块，边上有碎渣。",
    )


def _open(
    story: Story,
    what: str,
    category: Category,
    urgency: Urgency = Urgency.NORMAL,
    *,
    by: str,
    at: datetime,
    location: str | None = None,
    building: int | None = None,
    area_of: int | None = None,
    details: str = "",
    whereabouts: str = "",
    acts: Sequence[Act] = (),
) -> None:
    ticket = new_id()
    place = building or area_of

    async def open_it() -> None:
        actor = await story.actor(by)
        wanted = OpenTicket(
            id=ticket,
            category=category,
            urgency=urgency,
            what=what,
            details=details,
            location=story.locations[location].id if location else None,
            area=story.buildings[place].id if place else None,
            whereabouts=whereabouts,
            photos=[await _photo(story, by, what, mended=False, category=category)],
            seen_at=at - timedelta(minutes=2),
        )
        await open_ticket(story.neighbourhood.id, wanted, actor=actor, clock=story.clock, zone=story.settings.timezone)

    story.then(at, open_it)
    for act in acts:
        story.then(act.at, lambda act=act: _act(story, ticket, what, category, act))  # type: ignore[misc]


async def _act(story: Story, ticket: UUID, what: str, category: Category, act: Act) -> None:
    actor, clock, zone = await story.actor(act.by), story.clock, story.settings.timezone
    match act:
        case Claimed():
            await claim_ticket(ticket, actor=actor, expected=None, clock=clock)
        case Declined(reason=reason):
            await decline_ticket(ticket, DeclineTicket(reason=reason), actor=actor, expected=None, clock=clock)
        case HandedOver(to=to, note=note):
            wanted = HandOverTicket(party=story.parties[to], note=note)
            await hand_over_ticket(ticket, wanted, actor=actor, expected=None, clock=clock, zone=zone)
        case Resolved(note=note, by=by):
            photo = await _photo(story, by, what, mended=True, category=category)
            await resolve_ticket(ticket, ResolveTicket(note=note, photos=[photo]), actor=actor, expected=None, clock=clock)
        case Verified(note=note):
            await verify_ticket(ticket, VerifyTicket(note=note), actor=actor, expected=None, clock=clock)
        case Reopened(reason=reason, by=by):
            photo = await _photo(story, by, what, mended=False, category=category)
            reopened = ReopenTicket(reason=reason, photos=[photo])
            await reopen_ticket(ticket, reopened, actor=actor, expected=None, clock=clock, zone=zone)


async def _photo(story: Story, by: str, what: str, *, mended: bool, category: Category) -> UUID:
    photo = new_id()
    data = await asyncio.to_thread(draw, what, mended=mended, category=category)
    actor = await story.actor(by)
    await receive_photo(
        photo, data, digest=None, actor=actor, clock=story.clock, limits=story.limits, data_dir=story.settings.data_dir
    )
    return photo
