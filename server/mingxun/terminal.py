"""QR codes on a terminal: two modules a character, so that one fits beside the next."""

from itertools import zip_longest

from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode

_BLOCK = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_INK_ON_PAPER = "\x1b[38;5;16;48;5;231m"
_RESET = "\x1b[0m"


def qr_lines(text: str, *, colour: bool) -> list[str]:
    """The code's lines, all equally wide. With `colour` it is black on white whatever the terminal's colours are; without,
    it needs a light background."""
    code: QRCode[object] = QRCode(error_correction=ERROR_CORRECT_L, border=2)
    code.add_data(text)
    rows = [[bool(module) for module in row] for row in code.get_matrix()]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    lines = [
        "".join(_BLOCK[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]
    return [f"{_INK_ON_PAPER}{line}{_RESET}" for line in lines] if colour else lines


def width(line: str) -> int:
    """How many columns a line takes: colours take none, Chinese two."""
    plain = line.replace(_INK_ON_PAPER, "").replace(_RESET, "")
    return sum(2 if "⺀" <= character <= "￠" else 1 for character in plain)


def beside(blocks: list[list[str]], columns: int, *, gap: int = 3) -> list[str]:
    """Lay blocks of lines side by side, as many as fit into `columns`, and the others below."""
    out: list[str] = []
    shelf: list[list[str]] = []
    for block in [*blocks, None]:
        widths = [max(map(width, each)) for each in [*shelf, *([block] if block else [])]]
        if shelf and (block is None or sum(widths) + gap * (len(widths) - 1) > columns):
            for row in zip_longest(*shelf, fillvalue=""):
                cells = [cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=False)]
                out.append((" " * gap).join(cells).rstrip())
            out.append("")
            shelf = []
        if block:
            shelf.append(block)
    return out
