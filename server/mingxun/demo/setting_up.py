"""The neighbourhood before the week begins: areas, parties, people by invitation and roster, locations."""

import csv
import io
from datetime import datetime, timedelta

from mingxun.areas import AreaKind, create_area, create_areas
from mingxun.demo.residents import GUESTS, MORE_ACCOUNTS, PASSWORD, RESIDENTS, Guest, phone_of
from mingxun.demo.story import Story, StoryClock
from mingxun.kit.database import fetch
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.people import Role
from mingxun.people.accounts import Browser
from mingxun.people.invitations import accept_invitation, create_invitation, invite_administrator
from mingxun.people.listing import create_party
from mingxun.people.roster import service as roster
from mingxun.people.schemas import AcceptInvitation, CreateInvitation, CreateParty, PartyKind
from mingxun.places.schemas import CreateLocation, Position
from mingxun.places.service import create_location

SUBDISTRICT = "东明路街道（演示）"
NEIGHBOURHOOD = "凌云里"
PARTIES = (
    (PartyKind.PROPERTY, "和畅物业", "19900000007"),
    (PartyKind.OWNERS_COMMITTEE, "凌云里业委会", None),
    (PartyKind.RESIDENTS_COMMITTEE, "凌云里居委会", "19900000008"),
)
LOCATIONS = (
    ("01", "东大门岗亭", "凌云路 88 弄东门", 31.14512, 121.50871),
    ("02", "西大门", "凌云路 88 弄西门", 31.14498, 121.50633),
    ("03", "垃圾分类厢房", "9号楼北侧", 31.14587, 121.50794),
    ("04", "中心花园", "5号楼与6号楼之间", 31.14541, 121.50752),
    ("05", "地下车库入口", "2号楼南侧", 31.14463, 121.50717),
    ("06", "社区活动室", "1号楼底层", 31.14476, 121.50688),
    ("07", "河滨步道", "12号楼东侧", 31.14619, 121.50902),
    ("08", "电动车充电棚", "11号楼西侧", 31.14604, 121.50731),
)
"""Plate, name, address, WGS-84. The place is invented; the coordinates are somewhere in Pudong."""


async def set_up(settings: Settings, keys: Keys, now: datetime) -> Story:
    """Ten days ago: the neighbourhood joins."""
    zone = settings.timezone
    first = (now.astimezone(zone) - timedelta(days=10)).replace(hour=9, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)
    clock = StoryClock(first)
    subdistrict = await create_area(kind=AreaKind.SUBDISTRICT, name=SUBDISTRICT, parent=None, at=first, actor=None)
    home = await create_area(
        kind=AreaKind.NEIGHBOURHOOD, name=NEIGHBOURHOOD, parent=subdistrict, at=first, actor=None, phone="021-00005003"
    )
    story = Story(settings=settings, keys=keys, now=now, clock=clock, neighbourhood=home)
    admin = next(guest for guest in GUESTS if guest.role is Role.SUBDISTRICT_ADMIN)
    link = await invite_administrator(admin.name, subdistrict.id, life=timedelta(days=7), settings=settings, clock=clock)
    await _accept(story, admin, link.url)
    await _add_areas(story)
    for kind, name, phone in PARTIES:
        made = await create_party(
            await story.actor(admin.name), home.id, CreateParty(kind=kind, name=name, phone=phone), clock=clock
        )
        story.parties[name] = made.id
    others = {guest.role: guest for guest in GUESTS}
    await _invite(story, others[Role.SECRETARY], by=admin.name)
    await _invite(story, others[Role.COORDINATOR], by=others[Role.SECRETARY].name)
    coordinator = others[Role.COORDINATOR].name
    clock.at += timedelta(hours=2)
    for guest in (others[Role.HANDLER], others[Role.BUILDING_LEADER], others[Role.VOLUNTEER], *MORE_ACCOUNTS):
        await _invite(story, guest, by=coordinator)
        clock.at += timedelta(minutes=7)
    await _import_roster(story, by=coordinator)
    for plate, name, address, latitude, longitude in LOCATIONS:
        clock.at += timedelta(minutes=2)
        wanted = CreateLocation(
            area=home.id, plate=plate, name=name, address=address, position=Position(latitude=latitude, longitude=longitude)
        )
        story.locations[name] = await create_location(home.id, wanted, actor=story.people[coordinator], clock=clock)
    return story


async def _add_areas(story: Story) -> None:
    at = story.clock.now()
    grids = await create_areas(
        kind=AreaKind.GRID, names=["第一微网格", "第二微网格"], parent=story.neighbourhood, at=at, actor=story.people["沈佩华"]
    )
    for grid, numbers in zip(grids, (range(1, 7), range(7, 13)), strict=True):
        made = await create_areas(
            kind=AreaKind.BUILDING, names=[f"{n}号楼" for n in numbers], parent=grid, at=at, actor=story.people["沈佩华"]
        )
        story.buildings |= dict(zip(numbers, made, strict=True))


async def _invite(story: Story, guest: Guest, *, by: str) -> None:
    area = story.buildings[guest.building] if guest.building is not None else story.neighbourhood
    wanted = CreateInvitation(
        name=guest.name, role=guest.role, area=area.id, party=story.parties[guest.party] if guest.party else None
    )
    link = await create_invitation(
        await story.actor(by), story.neighbourhood.id, wanted, settings=story.settings, clock=story.clock
    )
    await _accept(story, guest, link.url)


async def _accept(story: Story, guest: Guest, url: str) -> None:
    story.clock.at += timedelta(minutes=5)
    token = url.partition("#")[2]
    joined = await accept_invitation(
        AcceptInvitation(token=token, phone=guest.phone, password=PASSWORD),
        Browser(source=f"demonstration {guest.phone}", device="微信 · Android", mark=None, session=None),
        limits=story.limits,
        keys=story.keys,
        settings=story.settings,
        clock=story.clock,
    )
    story.people[guest.name] = joined.me.id


async def _import_roster(story: Story, *, by: str) -> None:
    """The residents' committee's table, as it keeps it."""
    table = io.StringIO()
    writer = csv.writer(table)
    headers = [
        "序号",
        "姓名",
        "性别",
        "出生年月",
        "政治面貌",
        "楼栋",
        "室号",
        "联系电话",
        "特长",
        "可服务时间",
        "是否楼组长",
        "备注",
    ]
    writer.writerow(headers)
    for number, each in enumerate(RESIDENTS, 1):
        status, leads = "中共党员" if each.party_member else "群众", "是" if each.leads else ""
        place = [f"{each.building}号楼", each.room, phone_of(each.name)]
        more = [each.skills, each.available, leads, each.remark]
        writer.writerow([number, each.name, each.gender, each.born, status, *place, *more])
    data = table.getvalue().encode("utf-8-sig")
    actor = await story.actor(by)
    file = await roster.read_file(data, clock=story.clock)
    seen = await roster.preview(actor, story.neighbourhood.id, "凌云里志愿者名册.csv", file, clock=story.clock)
    story.clock.at += timedelta(minutes=10)
    await roster.confirm(actor, seen.id, clock=story.clock)
    rows = await fetch("SELECT id, name FROM person WHERE neighbourhood = $1", story.neighbourhood.id)
    story.people |= {row["name"]: row["id"] for row in rows}
