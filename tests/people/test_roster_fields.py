"""What single cells of a roster mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingxun.people.roster import fields, wording
from mingxun.people.roster.addresses import building_key, is_building, parse_address, parse_building, parse_room
from mingxun.people.roster.fields import Cell, Found, Trouble
from mingxun.people.schemas import Language


def phone(*cells: Cell) -> tuple[str | None, str, list[Trouble]]:
    found: list[Found] = []
    result = fields.phones_of(cells, found)
    return result.phone, result.note, [f.trouble for f in found]


@pytest.mark.parametrize(
    "cell",
    [
        "13812345678",
        13812345678,
        13812345678.0,
        "13812345678.0",
        "138 1234 5678",
        "138-1234-5678",
        "+8613812345678",
        "86 138 1234 5678",
        "0086-13812345678",
        "１３８１２３４５６７８",
        "  13812345678  ",
        "手机:13812345678",
        "1.3812345678E+10",
        "138‑1234‑5678",
    ],
)
def test_a_mobile_number_is_understood_however_it_is_written(cell: Cell) -> None:
    assert phone(cell) == ("+8613812345678", "", [])


@pytest.mark.parametrize("cell", ["021-58881234", "（021）58881234", "021 5888 1234", "+86 21 5888 1234", "02158881234"])
def test_a_landline_with_its_area_code_is_understood(cell: Cell) -> None:
    assert phone(cell) == ("+862158881234", "", [])


def test_whose_number_it_is_becomes_a_note() -> None:
    assert phone("18491186252（子女）") == ("+8618491186252", "子女", [])
    assert phone("18491186252女儿") == ("+8618491186252", "女儿", [])
    assert phone("儿子 184-9118-6252") == ("+8618491186252", "儿子", [])


@pytest.mark.parametrize(
    "cell",
    [
        "13812345678/13912345678",
        "13812345678、13912345678",
        "13812345678 13912345678",
        "13812345678\n13912345678",
        "13812345678；13912345678",
    ],
)
def test_of_two_numbers_in_a_cell_the_second_is_kept_as_a_note(cell: Cell) -> None:
    assert phone(cell) == ("+8613812345678", "另 13912345678", [Trouble.PHONE_SECOND])


def test_numbers_in_two_columns_are_taken_in_their_order() -> None:
    assert phone("", "021-58881234")[0] == "+862158881234"
    assert phone("13812345678", "021-58881234") == ("+8613812345678", "另 2158881234", [Trouble.PHONE_SECOND])
    assert phone("13812345678", "13812345678") == ("+8613812345678", "", [])


@pytest.mark.parametrize(
    ("cell", "trouble"),
    [
        ("1845378383", Trouble.PHONE_SHORT),
        (1845378383.0, Trouble.PHONE_SHORT),
        ("12812345678", Trouble.PHONE_ODD),
        ("138123456789", Trouble.PHONE_ODD),
        ("58881234", Trouble.PHONE_NO_AREA_CODE),
        ("1.38E+10", Trouble.PHONE_ROUNDED),
        ("310115194804041234", Trouble.PHONE_IS_ID),
    ],
)
def test_a_number_that_cannot_be_dialled_is_left_out_and_said(cell: Cell, trouble: Trouble) -> None:
    assert phone(cell) == (None, "", [trouble])


@pytest.mark.parametrize("cell", ["", "无", "/", "-", "—", "不详"])
def test_no_number_is_no_trouble(cell: Cell) -> None:
    assert phone(cell) == (None, "", [])


def test_an_identity_number_is_never_quoted() -> None:
    found: list[Found] = []
    fields.phones_of(["310115194804041234"], found)
    assert fields.line("身份证31011519480404123X，独居", "remark", found) == "身份证******,独居"
    assert [f.trouble for f in found] == [Trouble.PHONE_IS_ID, Trouble.ID_REMOVED]
    assert not any("1948" in f.value for f in found)


def born(cell: Cell, *, typed: bool = True) -> tuple[str, list[Trouble]]:
    found: list[Found] = []
    return fields.born_of(cell, typed=typed, this_year=2026, found=found), [f.trouble for f in found]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (["1948-04-04"], "1948-04-04"),
        ("1948-04-04", "1948-04-04"),
        ("1948/4/4", "1948-04-04"),
        ("1948.4.4", "1948-04-04"),
        ("1948年4月4日", "1948-04-04"),
        ("１９４８年４月", "1948-04"),
        ("1992年1月", "1992-01"),
        ("1992年 1 月生", "1992-01"),
        ("2006.7", "2006-07"),
        ("1978.1", "1978-01"),
        ("1978.10", "1978-10"),
        ("1978-6", "1978-06"),
        (1987.06, "1987-06"),
        (1967.11, "1967-11"),
        (1946.8, "1946-08"),
        (1978.0, "1978"),
        (1978, "1978"),
        ("1978", "1978"),
        ("1978年", "1978"),
        ("194804", "1948-04"),
        (194804.0, "1948-04"),
        ("19480404", "1948-04-04"),
        (19480404.0, "1948-04-04"),
        (17627.0, "1948-04-04"),
        ("", ""),
        ("不详", ""),
    ],
)
def test_a_birthday_is_understood_as_far_as_it_is_said(cell: Cell, expected: str) -> None:
    assert born(cell) == (expected, [])


def test_a_number_with_one_decimal_1_can_be_january_or_october() -> None:
    assert born(1967.1) == ("1967", [Trouble.BORN_AMBIGUOUS])
    assert born("1967.1", typed=False) == ("1967", [Trouble.BORN_AMBIGUOUS])


@pytest.mark.parametrize("cell", ["1948-02-30", "1948年13月", "1830", "2031.5", "七十多岁", "48.5", 12.0, "2027"])
def test_what_cannot_be_a_birthday_is_left_out_and_said(cell: Cell) -> None:
    assert born(cell) == ("", [Trouble.BORN_ODD])


@pytest.mark.parametrize(
    ("text", "key", "name", "room"),
    [
        ("37号202室", "37", "37号", "202"),
        ("20号606", "20", "20号", "606"),
        ("37-202", "37", "37号", "202"),
        ("37－202", "37", "37号", "202"),
        ("37/202", "37", "37号", "202"),
        ("３７号２０２室", "37", "37号", "202"),
        ("37号 202室", "37", "37号", "202"),
        ("37幢202", "37", "37幢", "202"),
        ("37号楼202室", "37", "37号楼", "202"),
        ("三号楼202", "3", "3号楼", "202"),
        ("二十三号1102室", "23", "23号", "1102"),
        ("3幢2单元501", "3", "3幢", "2-501"),
        ("3-2-501", "3", "3号", "2-501"),
        ("5弄2号904", "5弄2", "5弄2号", "904"),
        ("5弄2-904", "5弄2", "5弄2号", "904"),
        ("东明路300弄37号202室", "300弄37", "300弄37号", "202"),
        ("凌云里37号202", "37", "37号", "202"),
        ("A座1203", "a", "A座", "1203"),
        ("12甲号301", "12甲", "12甲号", "301"),
        ("88号", "88", "88号", ""),
        ("37号二楼东", "37", "37号", "2楼东"),
    ],
)
def test_an_address_is_understood_however_it_is_written(text: str, key: str, name: str, room: str) -> None:
    address = parse_address(text)
    assert (address.key, address.building, address.room) == (key, name, room)


@pytest.mark.parametrize("text", ["202", "202室", "东明路街道", "外地", "", "本小区"])
def test_an_address_without_a_building_has_none(text: str) -> None:
    assert parse_address(text).key == ""


def test_a_building_is_the_same_however_it_is_called() -> None:
    assert {building_key(name) for name in ("37号", "37号楼", "37幢", "37栋", "37", "凌云里37号", "037号", "三十七号")} == {"37"}
    assert building_key("5弄2号") != building_key("2号")
    assert building_key("A座") == building_key("a座")
    assert building_key("物业办公楼") == "物业办公楼"


def test_a_building_column_may_hold_a_bare_number() -> None:
    assert parse_building("37").building == "37号"
    assert parse_building("37幢").building == "37幢"
    assert parse_building("37号202").room == "202"
    assert parse_building("白玉兰楼").building == "白玉兰楼"


def test_a_room_may_have_its_stairs_in_a_column_of_its_own() -> None:
    assert parse_room("501室", "2单元") == "2-501"
    assert parse_room("501", "2") == "2-501"
    assert parse_room("501") == "501"
    assert parse_room("底楼阳台") is None


def test_a_sheet_called_like_a_building_is_one_and_a_number_is_not() -> None:
    assert is_building("37号")
    assert is_building("3幢")
    assert not is_building("Sheet1")
    assert not is_building("2026")
    assert not is_building("37号202")


@pytest.mark.parametrize(
    ("cell", "name", "note"),
    [
        ("曹\u3000云", "曹云", ""),
        (" 江晓秀 ", "江晓秀", ""),
        ("张三（组长）", "张三", "组长"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提", ""),
        ("John  Smith", "John Smith", ""),
        ("12345", "", ""),
        ("第2组", "", ""),
        ("……", "", ""),
    ],
)
def test_a_name_is_freed_of_blanks_and_remarks(cell: str, name: str, note: str) -> None:
    assert fields.name_of(cell) == (name, note)


@pytest.mark.parametrize("cell", ["是", "√", "Y", "yes", 1.0, "1", "楼组长", "是 "])
def test_yes_is_said_in_many_ways(cell: Cell) -> None:
    assert fields.yes(cell)


@pytest.mark.parametrize("cell", ["", "否", "×", "无", "0", 0.0, "N"])
def test_all_else_is_no(cell: Cell) -> None:
    assert not fields.yes(cell)


def test_skills_are_cut_at_the_usual_marks() -> None:
    assert fields.skills_of("急救、消防") == ["急救", "消防"]
    assert fields.skills_of("手语 / 英语") == ["手语", "英语"]
    assert fields.skills_of("无") == []


def test_every_trouble_has_a_sentence_in_every_language() -> None:
    for language in Language:
        for trouble in Trouble:
            text = wording.sentence(Found(trouble=trouble, field="x", value="值"), language)
            assert len(text) > 5
            assert "{" not in text


CELLS = st.one_of(
    st.text(max_size=40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
    st.dates().map(lambda d: [d.isoformat()]),
)


@given(CELLS)
def test_no_cell_brings_a_field_down(cell: Cell) -> None:
    found: list[Found] = []
    number = fields.phones_of([cell], found).phone
    assert number is None or number.startswith("+")
    assert len(fields.born_of(cell, typed=True, this_year=2026, found=found)) in {0, 4, 7, 10}
    name, _ = fields.name_of(cell)
    assert len(name) <= 40
    assert "\x00" not in fields.line(cell, "remark", found)
    parse_address(fields.text_of(cell))
    parse_building(fields.text_of(cell))
