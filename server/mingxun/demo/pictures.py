"""Pictures that stand for photos. They are drawn and say so: nobody should take one for evidence."""

import hashlib
import io
from functools import cache

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

from mingxun.tickets.schemas import Category

SIZE = (1200, 900)
_GROUND = {
    Category.WASTE: "#8a7f6a",
    Category.GREENERY: "#5d7f5a",
    Category.PARKING: "#6f7680",
    Category.LIGHTING: "#3b4252",
    Category.FACILITIES: "#8d6e58",
    Category.LIFT: "#71797e",
    Category.WATER: "#4f7388",
    Category.FIRE_SAFETY: "#8c4a42",
    Category.SECURITY: "#5b5f77",
    Category.OTHER: "#77746b",
}


def draw(what: str, *, mended: bool, category: Category) -> bytes:
    """A JPEG with the words on it: before, or after it was mended."""
    image = Image.new("RGB", SIZE, _GROUND[category])
    pen = ImageDraw.Draw(image)
    width, height = SIZE
    seed = hashlib.sha256(what.encode()).digest()
    for step in range(9):  # something like walls and light, different for each
        left = seed[step] * width // 256
        shade = 255 if step % 2 else 0
        layer = Image.new("RGB", SIZE, (shade, shade, shade))
        mask = Image.new("L", SIZE, 0)
        ImageDraw.Draw(mask).polygon(
            [(left, 0), (left + 60 + seed[step + 9], 0), (left + seed[step + 18], height), (left - 120, height)],
            fill=22 if not mended else 34,
        )
        image.paste(layer, mask=mask)
    pen.rectangle((0, height - 210, width, height), fill="#fdfbf5")
    pen.text((48, height - 190), what, font=_font(60), fill="#1d1d1b")
    pen.text((48, height - 96), f"{'处理后' if mended else '现场'} · 演示图片，不是照片", font=_font(40), fill="#6b675f")
    if mended:
        pen.line([(540, 330), (590, 390), (690, 250)], fill="#fdfbf5", width=26, joint="curve")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=86)
    return out.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), size)
