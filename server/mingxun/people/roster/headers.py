"""Finding the header of a roster and what its columns are. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

import msgspec

from mingxun.people.roster.fields import Cell, text_of

SEARCHED_ROWS = 50
"""How far down a header is looked for: title rows above it are few."""


class Column(StrEnum):
    """What a column can be."""

    SERIAL = "serial"
    NAME = "name"
    GENDER = "gender"
    BORN = "born"
    POLITICAL_STATUS = "political_status"
    PARTY_MEMBER = "party_member"
    """是否党员: yes or no."""
    PHONE = "phone"
    ADDRESS = "address"
    LANE = "lane"
    """弄, where 弄, 号 and 室 have a column each."""
    BUILDING = "building"
    UNIT = "unit"
    ROOM = "room"
    SKILLS = "skills"
    LEADER = "leader"
    """是否楼组长: yes or no."""
    DUTY = "duty"
    """职务: leads a building if it says so."""
    AVAILABILITY = "availability"
    REMARK = "remark"


_WORDS: dict[Column, str] = {
    Column.SERIAL: "序号 编号 序 no number",
    Column.NAME: (
        "姓名 名字 志愿者姓名 人员姓名 队员姓名 党员姓名 居民姓名 成员姓名 住户姓名 户主姓名 志愿者 称呼 name fullname"
    ),
    Column.GENDER: "性别 gender sex",
    Column.BORN: ("出生年月 出生日期 出生年月日 出生时间 出生年份 出生 生日 出生年 生年 birthday birthdate dateofbirth born"),
    Column.POLITICAL_STATUS: "政治面貌 面貌 政治身份 politicalstatus",
    Column.PARTY_MEMBER: "是否党员 党员 是否中共党员 partymember",
    Column.PHONE: (
        "联系电话 电话 手机 手机号 手机号码 联系方式 电话号码 联系手机 移动电话 联系号码 本人电话 本人手机 "
        "手机电话 固定电话 座机 固话 家庭电话 住宅电话 宅电 联系人电话 tel phone mobile telephone phonenumber "
        "mobilephone cell"
    ),
    Column.ADDRESS: (
        "楼号门牌 住址 地址 家庭住址 居住地址 门牌 门牌号 门牌号码 家庭地址 详细地址 现住址 现住地址 住所 "
        "居住地 楼室号 楼号室号 楼栋门牌 楼栋房号 楼栋室号 门牌地址 房屋地址 楼门号 幢室 幢室号 联系地址 "
        "通讯地址 address home"
    ),
    Column.BUILDING: (
        "楼栋 楼号 幢号 栋号 楼组 楼幢 号楼 栋 幢 楼 号 楼栋号 楼幢号 所在楼栋 所属楼栋 所在楼组 楼宇 楼栋名称 building block"
    ),
    Column.LANE: "弄 弄号 lane",
    Column.UNIT: "单元 单元号 unit",
    Column.ROOM: "室号 房号 室 房间 房间号 房室号 户号 房室 室号门牌 room flat apartment",
    Column.SKILLS: "特长 技能 专长 特长爱好 爱好特长 擅长 个人特长 爱好 特长技能 专业特长 兴趣特长 skills skill",
    Column.LEADER: ("是否楼组长 楼组长 是否是楼组长 是否为楼组长 楼长 是否楼长 是否楼栋长 楼栋长 buildingleader leader"),
    Column.DUTY: "职务 身份 角色 岗位 担任职务 现任职务 职位 人员类别 类别 duty role",
    Column.AVAILABILITY: (
        "可服务时间 服务时间 空闲时间 可参与时间 可参加时间 时间 志愿服务时间 可提供服务时间 可服务时段 "
        "服务时段 availability time"
    ),
    Column.REMARK: "备注 说明 其他 其它 备注说明 remark remarks note notes",
}
_EXACT = {word: column for column, words in _WORDS.items() for word in words.split()}
_PLAINLY = {"姓名", "名字", "志愿者姓名", "name", "fullname"}
"""Headers that mean names even if no other column is understood."""
_NOT_THEIRS = re.compile(r"紧急|家属|子女|监护|配偶|亲属|介绍人|推荐人|负责人|填表|审核|单位|户籍|工作|学校|籍贯")
"""What a header is about somebody or something else than the person."""
_CONTAINS: tuple[tuple[str, Column], ...] = (
    ("姓名", Column.NAME),
    ("手机", Column.PHONE),
    ("电话", Column.PHONE),
    ("联系方式", Column.PHONE),
    ("出生", Column.BORN),
    ("政治面貌", Column.POLITICAL_STATUS),
    ("楼组长", Column.LEADER),
    ("住址", Column.ADDRESS),
    ("地址", Column.ADDRESS),
    ("门牌", Column.ADDRESS),
    ("性别", Column.GENDER),
    ("特长", Column.SKILLS),
    ("服务时间", Column.AVAILABILITY),
    ("备注", Column.REMARK),
)


def canonical(cell: Cell) -> str:
    """A header without blanks, brackets, marks and case."""
    text = unicodedata.normalize("NFKC", text_of(cell)).lower()
    text = re.sub(r"[(\[【<].*?[)\]】>]", "", text)
    return re.sub(r"[\s*:：、，,.。/\\|_\-+#?？]+", "", text)


def column_of(cell: Cell) -> Column | None:
    """What the header says the column is; None if it is nothing we take in."""
    text = text_of(cell)
    return _column(text) if 0 < len(text) <= 60 else None


@lru_cache(maxsize=10_000)
def _column(text: str) -> Column | None:
    word = canonical(text)
    if not word or len(word) > 20:
        return None
    if word in _EXACT:
        return _EXACT[word]
    if _NOT_THEIRS.search(word):
        return None
    return next((column for part, column in _CONTAINS if part in word), None)


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """People side by side: a wide page often has two lists next to each other. Columns count from 0."""

    columns: dict[Column, tuple[int, ...]]
    first: int
    end: int
    """The first column after the block."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Where a header is, and what the columns below it are."""

    last: int
    """Index of its last row among the rows given."""
    blocks: tuple[Block, ...]
    titles: tuple[str, ...]
    """What stands above each column."""


def find_header(rows: Sequence[Sequence[Cell]]) -> Header | None:
    """The best header among the first rows; None if none has a column of names."""
    best: tuple[int, Header] | None = None
    for index in range(min(len(rows), SEARCHED_ROWS)):
        header = header_at(rows, index)
        if header is None:
            continue
        score = sum(len(block.columns) for block in header.blocks)
        if best is None or score > best[0]:
            best = score, header
        elif index > best[1].last + 5:
            break
    return best[1] if best else None


def header_at(rows: Sequence[Sequence[Cell]], index: int) -> Header | None:
    """The header that begins in this row, of one row or two; None if none does."""
    top = [column_of(cell) for cell in rows[index]]
    two = index + 1 < len(rows) and _continues(rows[index], rows[index + 1])
    if two:
        titles = _joined(rows[index], rows[index + 1])
        columns = [column_of(below) or column_of(above + below) or column_of(above) for above, below in titles]
        words = tuple(below or above for above, below in titles)
    else:
        columns, words = top, tuple(text_of(cell) for cell in rows[index])
    if Column.NAME not in columns:
        return None
    known = [column for column in columns if column]
    plainly = any(canonical(word) in _PLAINLY for word in words)
    if len(known) < 2 and not plainly and sum(bool(word) for word in words) > 1:
        return None
    if any(column is Column.NAME and len(text_of(cell)) > 12 for column, cell in zip(top, rows[index], strict=False)):
        return None
    return Header(last=index + 1 if two else index, blocks=_blocks(columns), titles=words)


def _continues(above: Sequence[Cell], below: Sequence[Cell]) -> bool:
    """Whether the row below belongs to the header: it has words for columns and nothing that could be a person."""
    words = [(text_of(a), text_of(b)) for a, b in _pairs(above, below)]
    if any(re.search(r"\d{5}", b) for _, b in words):
        return False
    known = [(a, b) for a, b in words if b and column_of(b)]
    others = [b for a, b in words if b and not column_of(b) and b != a]
    names = [(a, b) for a, b in words if column_of(a) is Column.NAME or column_of(b) is Column.NAME]
    return bool(known) and len(others) <= len(known) and any(not b or column_of(b) is Column.NAME for _, b in names)


def _pairs(above: Sequence[Cell], below: Sequence[Cell]) -> list[tuple[Cell, Cell]]:
    width = max(len(above), len(below))
    return list(zip([*above, *[""] * (width - len(above))], [*below, *[""] * (width - len(below))], strict=True))


def _joined(above: Sequence[Cell], below: Sequence[Cell]) -> list[tuple[str, str]]:
    """The two words over each column; a word above several columns stands above each of them that has a word of its own below."""
    joined: list[tuple[str, str]] = []
    over = ""
    for a, b in _pairs(above, below):
        upper, lower = text_of(a), text_of(b)
        over = upper or (over if lower else "")
        joined.append((over, "" if lower == upper else lower))
    return joined


def _blocks(columns: Sequence[Column | None]) -> tuple[Block, ...]:
    names = [index for index, column in enumerate(columns) if column is Column.NAME]
    starts = []
    for place, index in enumerate(names):
        first = index
        while first > 0 and columns[first - 1] is Column.SERIAL:
            first -= 1
        starts.append(0 if place == 0 else first)
    # A second column of names with nothing else of its own is not a second list.
    if len(starts) > 1:
        widths = [len({c for c in columns[a:b] if c}) for a, b in zip(starts, [*starts[1:], len(columns)], strict=True)]
        if min(widths) < 2:
            starts = starts[:1]
    blocks = []
    for first, end in zip(starts, [*starts[1:], len(columns)], strict=True):
        found: dict[Column, tuple[int, ...]] = {}
        for index in range(first, end):
            column = columns[index]
            if column is Column.NAME and column in found:
                continue
            if column is not None:
                found[column] = (*found.get(column, ()), index)
        blocks.append(Block(columns=found, first=first, end=end))
    return tuple(blocks)
