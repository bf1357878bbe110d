"""Rosters as offices keep them: every form that was thought of."""

import datetime
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mingxun.people.roster import extraction
from mingxun.people.roster.extraction import Fault
from mingxun.people.roster.fields import Trouble
from mingxun.people.rules import FileFault
from tests.people.files import Rows, comma_separated, package, people, understood, workbook

DATA = Path(__file__).parents[1] / "data" / "roster"
SAMPLE = (DATA / "volunteers.xlsx").read_bytes()
HEADER: Sequence[Any] = ["序号", "姓名", "电话", "住址"]
ROWS: Rows = [[1, "张三", "13812345678", "37号202"], [2, "李四", "13912345678", "38号101室"]]
TWO = [("张三", "+8613812345678", "37号", "202"), ("李四", "+8613912345678", "38号", "101")]


def told(data: bytes) -> list[tuple[str, str | None, str, str]]:
    return [(r.name, r.phone, r.building, r.room) for r in people(data)]


def test_the_sample_holds_164_rows_of_160_people() -> None:
    reading = understood(SAMPLE)
    assert len(reading.records) == 164
    assert len({(r.name, r.phone, r.key, r.room) for r in reading.records}) == 160
    assert reading.ignored == []
    assert reading.records[0].row == 4
    assert reading.records[-1].row == 171


def test_the_sample_says_what_is_wrong_with_it_and_nothing_else() -> None:
    troubles = [(r.row, f.trouble) for r in people(SAMPLE) for f in r.found]
    assert [row for row, trouble in troubles if trouble is Trouble.PHONE_SHORT] == [30, 35, 106, 117, 122, 140, 162]
    assert [row for row, trouble in troubles if trouble is not Trouble.PHONE_SHORT] == [98]


def test_in_the_sample_everybody_has_a_building_and_a_room() -> None:
    assert all(r.key and r.room for r in people(SAMPLE))
    assert {r.row for r in people(SAMPLE) if r.phone_note == "子女"} == {6, 53, 55, 84, 120, 147}


def test_the_gb18030_file_says_the_same_of_the_same_people() -> None:
    whole = {(r.name, r.phone): r for r in people(SAMPLE)}
    some = people((DATA / "volunteers-gb18030.csv").read_bytes())
    assert len(some) == 40
    for record in some:
        twin = whole[record.name, record.phone]
        for field in ("born", "key", "room", "skills", "leader", "remark", "phone_note", "political_status", "availability"):
            assert getattr(record, field) == getattr(twin, field), (record.name, field)


def test_an_excel_97_file_is_read() -> None:
    assert told((DATA / "old-format.xls").read_bytes()) == [
        ("张三", "+8613812345678", "37号", "202"),
        ("李四", "+8613912345678", "5号", "101"),
        ("王五", "+862158881234", "3幢", "501"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "，"])
def test_a_text_file_is_read_in_every_usual_encoding_and_cut(encoding: str, delimiter: str) -> None:
    assert told(comma_separated([HEADER, *ROWS], encoding=encoding, delimiter=delimiter)) == TWO


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_recognised(encoding: str) -> None:
    assert told(comma_separated([HEADER, *ROWS], encoding=encoding)) == TWO


def test_quoted_cells_may_hold_commas_and_line_breaks() -> None:
    text = '姓名,电话,备注\r\n"张三",13812345678,"会弹琴,\n也会唱歌"\r\n李四,13912345678,\r\n'
    first, second = people(text.encode())
    assert first.remark == "会弹琴, 也会唱歌"
    assert second.phone == "+8613912345678"


def test_excel_may_name_the_separator_in_the_first_line() -> None:
    assert told(("sep=;\r\n" + "\r\n".join(";".join(map(str, row)) for row in [HEADER, *ROWS])).encode()) == TWO


@pytest.mark.parametrize(
    "header",
    [
        ["序号", "姓  名", "手机", "地址"],
        ["No.", "Name", "Mobile", "Address"],
        ["编号", "志愿者姓名", "手机号码", "家庭住址"],
        ["序 号", "姓名*", "联系方式（必填）", "楼号/门牌"],
        ["", "姓\n名", "联系电话（手机）", "居住地址"],
        ["序号", "名字", "电话：", "门牌号"],
        ["序号", "本人姓名", "本人联系电话", "现居住地址"],
    ],
)
def test_columns_may_have_other_names(header: list[str]) -> None:
    assert told(workbook([header, *ROWS])) == TWO


def test_columns_may_stand_in_any_order_and_begin_anywhere() -> None:
    rows: Rows = [["住址", "电话", "性别", "姓名"], ["37号202", "13812345678", "女", "张三"]]
    assert told(workbook(rows, at=(6, 3))) == TWO[:1]
    assert people(workbook(rows, at=(6, 3)))[0].row == 8


def test_titles_above_and_signatures_below_are_no_people() -> None:
    rows: Rows = [
        ["凌云里志愿者花名册"],
        ["填报单位：凌云里居委会", "", "", "2026年11月"],
        [],
        HEADER,
        *ROWS,
        [],
        ["合计", "", "2人", ""],
        ["填表人：王敏", "", "审核人：", ""],
        ["", "负责人：张书记", "", ""],
        ["注：电话为家属的请注明", "", "", ""],
        ["", "", "", "2026年11月1日"],
    ]
    assert told(workbook(rows)) == TWO


def test_the_word_for_a_sum_may_stand_in_the_column_of_names() -> None:
    assert told(workbook([HEADER, *ROWS, ["", "合  计", "2", ""], ["", "共2人", "", ""]])) == TWO


def test_a_header_may_take_two_rows() -> None:
    rows: Rows = [
        ["序号", "姓名", "联系方式", "", "住址", ""],
        ["", "", "手机", "固定电话", "楼号", "室号"],
        [1, "张三", "13812345678", "021-58881234", "37号", 202],
        [2, "李四", "", "021-58881235", "38", "101室"],
    ]
    merged = [(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3), (0, 4, 0, 5)]
    for data in (workbook(rows), workbook(rows, merged=merged)):
        first, second = people(data)
        assert (first.phone, first.building, first.room) == ("+8613812345678", "37号", "202")
        assert (second.phone, second.building, second.room) == ("+862158881235", "38号", "101")


def test_building_unit_and_room_may_have_columns_of_their_own() -> None:
    rows: Rows = [["姓名", "楼栋", "单元", "房号"], ["张三", "3幢", "2单元", "501室"], ["李四", 3.0, 2.0, 502.0]]
    assert [(r.key, r.room) for r in people(workbook(rows))] == [("3", "2-501"), ("3", "2-502")]


def test_lane_number_and_room_may_have_columns_of_their_own() -> None:
    rows: Rows = [["姓名", "弄", "号", "室"], ["张三", 300, 37, 202], ["李四", "300弄", "37号", "203室"], ["王五", "", 38, 101]]
    assert [(r.key, r.building, r.room) for r in people(workbook(rows))] == [
        ("300弄37", "300弄37号", "202"),
        ("300弄37", "300弄37号", "203"),
        ("38", "38号", "101"),
    ]


def test_a_building_on_a_line_of_its_own_counts_for_those_below() -> None:
    rows: Rows = [["姓名", "室号"], ["37号"], ["张三", "202"], ["", "38号楼"], ["李四", "101"]]
    assert [(r.building, r.room) for r in people(workbook(rows))] == [("37号", "202"), ("38号楼", "101")]


def test_a_list_of_names_is_enough() -> None:
    assert [r.name for r in people(workbook([["姓名"], ["张三"], ["李四"]]))] == ["张三", "李四"]
    reading = understood(workbook([["姓名", "民族", "年龄"], ["张三", "汉", 70]]))
    assert [r.name for r in reading.records] == ["张三"]
    assert reading.ignored == ["民族", "年龄"]


def test_numbers_that_were_wrapped_against_the_spreadsheet_are_unwrapped() -> None:
    assert [r.phone for r in people('姓名,电话\r\n张三,="13812345678"\r\n李四,\'13912345678\r\n'.encode())] == [
        "+8613812345678",
        "+8613912345678",
    ]


def test_a_building_merged_over_its_rows_counts_for_each() -> None:
    rows: Rows = [["楼号", "姓名", "室号"], ["37号", "张三", "101"], ["", "李四", "102"], ["38号", "王五", "101"]]
    assert [r.building for r in people(workbook(rows, merged=[(1, 0, 2, 0)]))] == ["37号", "37号", "38号"]


def test_each_sheet_may_be_a_building() -> None:
    sheets: dict[str, Rows] = {
        "37号": [["姓名", "室号", "电话"], ["张三", "202", "13812345678"]],
        "38号": [["姓名", "室号", "电话"], ["李四", 101, "13912345678"]],
        "说明": [["电话为家属的请注明"], ["楼组长每幢一名"]],
    }
    reading = understood(workbook(sheets))
    assert [(r.sheet, r.building, r.room) for r in reading.records] == [("37号", "37号", "202"), ("38号", "38号", "101")]


def test_hidden_sheets_are_left_out_and_said() -> None:
    sheets: dict[str, Rows] = {"名册": [HEADER, *ROWS], "旧名册": [HEADER, [1, "赵六", "13712345678", "1号101"]]}
    reading = understood(workbook(sheets, hidden=["旧名册"]))
    assert len(reading.records) == 2
    assert reading.ignored == ["旧名册（隐藏的工作表）"]


def test_two_lists_may_stand_side_by_side() -> None:
    rows: Rows = [
        ["序号", "姓名", "电话", "序号", "姓名", "电话"],
        [1, "张三", "13812345678", 2, "李四", "13912345678"],
        [3, "王五", "13712345678"],
    ]
    assert [r.name for r in people(workbook(rows))] == ["张三", "李四", "王五"]


def test_the_header_may_come_again_on_every_page() -> None:
    rows: Rows = [HEADER, ROWS[0], HEADER, ROWS[1]]
    assert told(workbook(rows)) == TWO


def test_a_second_table_below_may_have_other_columns() -> None:
    rows: Rows = [HEADER, ROWS[0], ["第二党支部"], ["姓名", "住址", "手机"], ["李四", "38号101", "13912345678"]]
    assert told(workbook(rows)) == TWO


def test_titles_of_sections_are_no_people() -> None:
    rows: Rows = [HEADER, ["第一楼组"], ROWS[0], ["", "第二党支部", "", ""], ROWS[1]]
    assert told(workbook(rows)) == TWO


def test_columns_that_are_not_taken_in_are_named() -> None:
    rows: Rows = [
        ["序号", "姓名", "身份证号码", "民族", "紧急联系人电话", "电话", "空列"],
        [1, "张三", "310115194804041234", "汉", "13700000000", "13812345678", ""],
        [2, "李四", "", "", "", "13912345678", "", "没有标题"],
    ]
    reading = understood(workbook(rows))
    assert reading.ignored == ["身份证号码", "民族", "紧急联系人电话", "第8列"]
    assert "310115" not in repr(reading.records)
    assert "137000" not in repr(reading.records)


def test_identity_numbers_are_nowhere_kept_even_where_nobody_expects_them() -> None:
    rows: Rows = [
        ["姓名", "电话", "备注", "住址"],
        ["张三310115194804041234", "310115194804041234", "证号310115194804041234", "310115194804041234"],
    ]
    assert "310115" not in repr(understood(workbook(rows)))


def test_formulas_count_by_their_values() -> None:
    rows: Rows = [["姓名", "电话"], [('="张"&"三"', "张三"), ("=13812345678", 13812345678)]]
    assert told(workbook(rows)) == [("张三", "+8613812345678", "", "")]


def test_date_cells_are_dates() -> None:
    rows: Rows = [["姓名", "出生日期"], ["张三", datetime.date(1948, 4, 4)]]
    assert [r.born for r in people(workbook(rows))] == ["1948-04-04"]


def test_a_building_leader_is_known_by_column_duty_or_remark_behind_the_name() -> None:
    rows: Rows = [
        ["姓名", "住址", "是否楼组长", "职务"],
        ["张三", "37号202", "√", ""],
        ["李四", "37号203", "", "楼组长"],
        ["王五（楼组长）", "37号204", "", ""],
        ["赵六", "37号205", "否", "志愿者"],
        ["孙七", "", "是", ""],
    ]
    found = people(workbook(rows))
    assert [r.leader for r in found] == [True, True, True, False, False]
    assert [f.trouble for f in found[4].found] == [Trouble.LEADER_WITHOUT_BUILDING]


def test_party_membership_may_be_a_yes() -> None:
    rows: Rows = [["姓名", "是否党员"], ["张三", "是"], ["李四", "否"]]
    assert [r.political_status for r in people(workbook(rows))] == ["中共党员", ""]


def test_a_row_with_data_and_no_name_is_refused_and_not_swallowed() -> None:
    rows: Rows = [HEADER, ROWS[0], [2, "", "13912345678", "38号101"]]
    assert [f.trouble for f in people(workbook(rows))[1].found] == [Trouble.NAME_MISSING]


def test_a_row_with_a_serial_number_only_is_nobody() -> None:
    assert told(workbook([HEADER, *ROWS, [3, "", "", ""], [4, "", "", ""]])) == TWO


def test_long_texts_are_cut_and_said() -> None:
    (record,) = people(workbook([["姓名", "备注"], ["张三", "长" * 700]]))
    assert len(record.remark) == 500
    assert [f.trouble for f in record.found] == [Trouble.SHORTENED]


def test_a_file_without_a_column_of_names_says_what_it_found() -> None:
    reading = understood(workbook([["品名", "数量"], ["口罩", 100]]))
    assert not reading.has_names
    assert reading.headings == ["品名", "数量", "口罩", "100"]


def fault(data: bytes) -> tuple[str, str]:
    with pytest.raises(Fault) as raised:
        extraction.extract(data)
    return raised.value.code, raised.value.found


CONTENT = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override ContentType="{}"/></Types>'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("empty", "")),
        (b" \r\n", ("empty", "")),
        (workbook([[]]), ("empty", "")),
        (b"%PDF-1.7 ...", ("not_a_spreadsheet", "PDF")),
        (b"\x89PNG\r\n\x1a\n....", ("not_a_spreadsheet", "PNG")),
        (b"\xff\xd8\xff\xe0....", ("not_a_spreadsheet", "JPEG")),
        (b"<html><table><tr><td>\xe5\xa7\x93", ("not_a_spreadsheet", "HTML")),
        (b'<?xml version="1.0"?><Workbook/>', ("not_a_spreadsheet", "XML")),
        (package(a="x"), ("not_a_spreadsheet", "ZIP")),
        (package(mimetype="application/vnd.oasis.opendocument.spreadsheet"), ("not_a_spreadsheet", "OpenDocument")),
        (package(content_types=CONTENT.format("wordprocessingml.document.main")), ("not_a_spreadsheet", "Word")),
        (package(content_types=CONTENT.format("sheet.macroEnabled.main"), xl__workbook="x"), ("macros", "")),
        (SAMPLE[:9000], ("broken", "")),
        (SAMPLE[:3000] + b"\x00" * 3000 + SAMPLE[6000:], ("broken", "")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000, ("broken", "")),
        (bytes(range(256)) * 20, ("not_a_spreadsheet", "binary")),
        ("姓名,电话".encode("shift-jis", "replace") + b"\x80\xff\xfe\x81", ("unknown_encoding", "")),
        ((DATA / "protected.xlsx").read_bytes(), ("encrypted", "")),
        (comma_separated([["姓名"] * 101, ["张三"] * 101]), ("too_wide", "100")),
        (comma_separated([["姓名"], *[["张三"]] * 20_000]), ("too_many_rows", "20000")),
    ],
)
def test_a_file_that_cannot_be_taken_in_says_why(data: bytes, expected: tuple[str, str]) -> None:
    assert fault(data) == expected


def test_a_zip_bomb_is_not_unpacked() -> None:
    assert fault(package(content_types="x", xl__workbook="x", bomb=b"\x00" * (extraction.MAX_UNPACKED + 1))) == (
        "unpacks_too_large",
        "",
    )


def test_every_fault_of_the_reader_is_one_that_the_app_can_word() -> None:
    source = Path(extraction.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'Fault\("(\w+)"', source)) | set(re.findall(r'"fault": "(\w+)"', source))
    assert codes <= {fault.value for fault in FileFault}


def test_a_sheet_that_claims_to_be_huge_ends_the_reader_and_nothing_else() -> None:
    """Two cells at opposite corners make the reader ask for 550 GB: it dies, which is why it is a process of its own."""
    data = workbook({"x": [["姓名"]]})
    rows: Rows = [[""] * 16_383 + ["x"]]
    data = workbook({"x": [["姓名"], *rows]})
    far = workbook({"x": [["姓名"]]}, at=(1_048_575, 16_383))
    child = subprocess.run(
        [sys.executable, "-I", extraction.__file__], input=_with_first_cell(far), capture_output=True, check=False, timeout=30
    )
    assert child.returncode != 0 or b"fault" in child.stdout
    assert fault(data)[0] == "too_wide"


def _with_first_cell(data: bytes) -> bytes:
    import io
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            text = old.read(part)
            if part == "xl/worksheets/sheet1.xml":
                text = text.replace(b"<sheetData>", b'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>')
            new.writestr(part, text)
    return target.getvalue()
