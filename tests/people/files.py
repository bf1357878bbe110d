"""Makes rosters of many forms for the tests."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import xlsxwriter  # type: ignore[import-untyped]

from mingxun.people.roster.extraction import extract
from mingxun.people.roster.reading import Reading, Record, Sheet, read

THIS_YEAR = 2026
Rows = Sequence[Sequence[Any]]


def workbook(
    sheets: Rows | Mapping[str, Rows],
    *,
    merged: Sequence[tuple[int, int, int, int]] = (),
    hidden: Sequence[str] = (),
    at: tuple[int, int] = (0, 0),
) -> bytes:
    """An .xlsx. Dates become date cells, texts that begin with `=` formulas; `merged` are (top, left, bottom, right) on each sheet."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    named = sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}
    for name, rows in named.items():
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        for row, cells in enumerate(rows, at[0]):
            for column, cell in enumerate(cells, at[1]):
                if cell is None or cell == "":
                    continue
                if isinstance(cell, tuple):  # a formula and its value
                    sheet.write_formula(row, column, cell[0], None, cell[1])
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                else:
                    sheet.write(row, column, cell)
        for top, left, bottom, right in merged:
            value = rows[top][left] if left < len(rows[top]) else ""
            sheet.merge_range(top, left, bottom, right, value)
    book.close()
    return target.getvalue()


def comma_separated(rows: Rows, *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    return "\r\n".join(delimiter.join(str(cell) for cell in row) for row in rows).encode(encoding)


def package(**parts: str | bytes) -> bytes:
    """A ZIP; `__` in a name stands for `/`, and `content_types` for the part that every Office file has."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in parts.items():
            zipped.writestr("[Content_Types].xml" if name == "content_types" else name.replace("__", "/"), text)
    return target.getvalue()


def understood(data: bytes) -> Reading:
    """What the reader makes of a file, in this process."""
    answer = extract(data)
    sheets = msgspec.convert(answer["sheets"], list[Sheet])
    return read(sheets, hidden=answer["hidden"], typed=answer["typed"], this_year=THIS_YEAR)


def people(data: bytes) -> list[Record]:
    return understood(data).records
