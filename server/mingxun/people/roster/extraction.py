"""Reads the cells out of a spreadsheet file that somebody sent. Run as a program of its own, by its path: `python -I
extraction.py`.

A crafted file can make a reader allocate without end or crash, whatever language it is written in. Here that ends this process,
which
has limits on memory and time, and not the server. So this file imports nothing of Mingxun; it takes the file on standard input
and answers in MessagePack: `{"sheets": [...], "hidden": [...], "typed": ...}`, or `{"fault": code, "found": text}` with a code of
`rules.FileFault`.
"""

import csv
import datetime
import io
import re
import sys
import warnings
import zipfile
from collections import Counter
from typing import Any

import msgspec

MAX_ROWS = 20_000
"""Over all sheets. The largest neighbourhoods have some thousands of volunteers."""
MAX_COLUMNS = 100
MAX_UNPACKED = 100 * 1024 * 1024
"""Bytes that the parts of an .xlsx may unpack to (pictures not counted, they are not read)."""
MAX_MEMORY = 768 * 1024 * 1024
MAX_SECONDS = 20
MAX_CELL = 1000
"""Characters kept of one cell; the longest field of the roster has 500."""


class Fault(Exception):
    """The file can't be taken in."""

    def __init__(self, code: str, found: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.found = found


def extract(data: bytes) -> dict[str, Any]:
    """The visible sheets of a file: `{"name", "rows": [[number, cells]], "merged": [[top, left, bottom, right]]}`.

    A cell is a text, a number, or `[date]` for a date; empty rows are left out, numbers begin at 1. `typed` says whether the file
    tells numbers from texts (a CSV does not). Raises Fault.
    """
    if not data.strip():
        raise Fault("empty")
    kind = _kind(data)
    if kind in {"xlsx", "xls"}:
        return _workbook(data, kind)
    return _text_table(data)


_MAGIC = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"{\\rtf", "RTF"),
    (b"MZ", "EXE"),
    (b"SQLite format 3", "SQLite"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _kind(data: bytes) -> str:
    """`xlsx`, `xls` or `text`, by the content: names lie. Raises Fault."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            raise Fault("not_a_spreadsheet", name)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        _check_package(data)
        return "xlsx"
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Fault("encrypted")
        if "WordDocument".encode("utf-16-le") in data and "Workbook".encode("utf-16-le") not in data:
            raise Fault("not_a_spreadsheet", "Word")
        return "xls"
    if re.match(rb"\t[\x00-\x08]\x04?", data[:4]) and data[:2] in {b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08"}:
        return "xls"
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<meta")):
        raise Fault("not_a_spreadsheet", "HTML")
    if head.startswith(b"<?xml"):
        raise Fault("not_a_spreadsheet", "HTML" if b"<html" in head else "XML")
    return "text"


def _check_package(data: bytes) -> None:
    """Look at a ZIP before a reader unpacks it: what it claims to be, and how large it really gets. Raises Fault."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = set(package.namelist())
            if "[Content_Types].xml" not in names:
                raise Fault("not_a_spreadsheet", "OpenDocument" if "mimetype" in names else "ZIP")
            if len(names) > 5000:
                raise Fault("unpacks_too_large")
            total = 0
            for part in package.infolist():
                if part.flag_bits & 1:
                    raise Fault("encrypted")
                if part.filename.startswith("xl/media/"):
                    continue
                # The sizes that the directory claims are the sender's words: count what comes out.
                with package.open(part) as stream:
                    while chunk := stream.read(1 << 16):
                        total += len(chunk)
                        if total > MAX_UNPACKED:
                            raise Fault("unpacks_too_large")
            kinds = package.read("[Content_Types].xml")
    except Fault:
        raise
    except Exception as error:
        raise Fault("broken") from error
    if b"macroEnabled" in kinds or "xl/vbaProject.bin" in names:
        raise Fault("macros")
    if "xl/workbook.bin" in names:
        raise Fault("not_a_spreadsheet", "xlsb")
    if "xl/workbook.xml" not in names and b"spreadsheetml.sheet.main" not in kinds:
        raise Fault("not_a_spreadsheet", "Word" if b"wordprocessingml" in kinds else "ZIP")


def _workbook(data: bytes, kind: str) -> dict[str, Any]:
    import python_calamine

    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        sheets, hidden, count = [], [], 0
        for about in book.sheets_metadata:
            if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            if about.visible != python_calamine.SheetVisibleEnum.Visible:
                hidden.append(about.name)
                continue
            sheet = book.get_sheet_by_name(about.name)
            rows = []
            left = [""] * (
                sheet.start[1] if sheet.start else 0
            )  # the reader leaves out empty columns on the left, but not empty rows
            for number, row in enumerate(sheet.iter_rows(), 1):
                cells = _trimmed([_cell(value) for value in row])
                if cells:
                    rows.append([number, left + cells])
                    count += 1
                    _check_size(count, len(left) + len(cells))
            merged = [[top, left, bottom, right] for (top, left), (bottom, right) in sheet.merged_cell_ranges or []]
            sheets.append({"name": about.name, "rows": rows, "merged": merged})
    except Fault:
        raise
    except python_calamine.PasswordError as error:
        raise Fault("encrypted") from error
    except MemoryError as error:
        raise Fault("unpacks_too_large") from error
    except Exception as error:  # the reader has many, and each means the same to the sender
        raise Fault("encrypted" if "assword" in str(error) else "broken") from error
    if not any(sheet["rows"] for sheet in sheets):
        raise Fault("empty")
    return {"sheets": sheets, "hidden": hidden, "typed": True}


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime.datetime):
        return [value.date().isoformat()]
    if isinstance(value, datetime.date):
        return [value.isoformat()]
    if isinstance(value, int | float):
        return value
    return str(value)[:MAX_CELL]


def _trimmed(cells: list[Any]) -> list[Any]:
    while cells and (cells[-1] == "" or (isinstance(cells[-1], str) and not cells[-1].strip())):
        cells.pop()
    return cells


def _check_size(rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        raise Fault("too_many_rows", str(MAX_ROWS))
    if columns > MAX_COLUMNS:
        raise Fault("too_wide", str(MAX_COLUMNS))


def _text_table(data: bytes) -> dict[str, Any]:
    text = _decoded(data)
    first, _, rest = text.partition("\n")
    mark = re.fullmatch(r"sep=(.)\r?", first, re.IGNORECASE)
    if mark:
        delimiter, text, skipped = mark[1], rest, 1
    else:
        delimiter, skipped = _delimiter(text), 0
    csv.field_size_limit(100_000)
    rows: list[list[Any]] = []
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1 + skipped):
            cells = _trimmed([_unwrapped(cell[:MAX_CELL]) for cell in row])
            if cells:
                rows.append([number, cells])
                _check_size(len(rows), len(cells))
    except csv.Error as error:
        raise Fault("broken") from error
    if not rows:
        raise Fault("empty")
    return {"sheets": [{"name": "", "rows": rows, "merged": []}], "hidden": [], "typed": False}


def _unwrapped(cell: str) -> str:
    """Without what people put around a number so that a spreadsheet leaves it alone: `="138…"`, `'138…`."""
    match = re.fullmatch(r"""="([^"]*)"|'(\d[^']*)""", cell.strip())
    return (match[1] or match[2] or "") if match else cell


def _decoded(data: bytes) -> str:
    """The text of a CSV file. Raises Fault."""
    head = data[:2000]
    if sum(byte < 32 and byte not in b"\0\t\r\n" for byte in head) > 10 and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Fault("not_a_spreadsheet", "binary")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif data.startswith(b"\xef\xbb\xbf"):
        candidates = ["utf-8-sig"]
    elif b"\x00" in head:
        little = sum(head.count(mark) for mark in (b",\x00", b"\t\x00", b"\n\x00", b";\x00"))
        big = sum(head.count(mark) for mark in (b"\x00,", b"\x00\t", b"\x00\n", b"\x00;"))
        candidates = ["utf-16-le" if little >= big else "utf-16-be"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        control = sum(character < " " and character not in "\t\r\n" for character in text[:20_000])
        if "\x00" in text or control > 10:
            raise Fault("not_a_spreadsheet", "binary")
        return text
    raise Fault("unknown_encoding")


def _delimiter(text: str) -> str:
    """The character that cuts most lines into equally many cells."""
    lines = text.splitlines()[:60]

    def score(delimiter: str) -> int:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
        except csv.Error:
            return 0
        return max((count * (width - 1) for width, count in widths.items()), default=0)

    return max((",", "\t", ";", "|", "，"), key=score)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def main() -> None:
    _limit()
    warnings.simplefilter("ignore")
    try:
        answer = extract(sys.stdin.buffer.read())
    except Fault as fault:
        answer = {"fault": fault.code, "found": fault.found}
    except MemoryError:
        answer = {"fault": "unpacks_too_large", "found": ""}
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    main()
