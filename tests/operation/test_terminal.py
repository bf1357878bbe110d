"""QR codes on a terminal: they must be read from what is printed."""

import zxingcpp
from PIL import Image

from mingxun.terminal import beside, qr_lines, width

URL = "https://mingxun.example.org/i#5o68qGn-qB_KXl5E2k8ekNLDoNEVDfGXFcR0IJvs3n4"


def picture(lines: list[str]) -> Image.Image:
    """As a terminal shows it: black ink, two modules a character."""
    image = Image.new("L", (len(lines[0]), len(lines) * 2), 255)
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            if character in "▀█":
                image.putpixel((column, row * 2), 0)
            if character in "▄█":
                image.putpixel((column, row * 2 + 1), 0)
    return image.resize((image.width * 6, image.height * 6), Image.Resampling.NEAREST)


def test_a_code_is_read_from_what_is_printed() -> None:
    lines = qr_lines(URL, colour=False)
    assert len({len(line) for line in lines}) == 1
    assert [found.text for found in zxingcpp.read_barcodes(picture(lines))] == [URL]


def test_colours_take_no_room_and_chinese_takes_twice() -> None:
    plain, coloured = qr_lines(URL, colour=False), qr_lines(URL, colour=True)
    assert width(coloured[0]) == width(plain[0]) == len(plain[0])
    assert width("统筹员 coordinator") == 6 + 1 + 11


def test_blocks_stand_side_by_side_as_far_as_they_fit() -> None:
    blocks = [["aaa", "a"], ["bb"], ["cc", "cc", "cc"]]
    assert beside(blocks, 80) == ["aaa   bb   cc", "a          cc", "           cc", ""]
    assert beside(blocks, 8) == ["aaa   bb", "a", "", "cc", "cc", "cc", ""]
    assert beside([], 80) == []
