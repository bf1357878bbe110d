"""What phones see: a printed poster before the camera, and something broken to take a picture of."""

import io
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
from PIL import Image, ImageDraw

FRAME = (1280, 720)


def film(posters: bytes, to: Path) -> None:
    """Write what a hand that is not quite still sees of the first of `posters` (a PDF), as Chromium takes it for a camera: one
    JPEG after another."""
    document = pypdfium2.PdfDocument(posters)
    try:
        sheet = document[0].render(scale=1.6).to_pil().convert("RGB")
    finally:
        document.close()
    sheet.thumbnail((FRAME[0], FRAME[1]))
    with to.open("wb") as file:
        for frame in range(8):
            wall = Image.new("RGB", FRAME, (171, 166, 156))
            held = sheet.rotate(
                (frame % 4 - 1.5) * 0.8, expand=True, fillcolor=(171, 166, 156), resample=Image.Resampling.BICUBIC
            )
            wall.paste(held, ((FRAME[0] - held.width) // 2 + frame * 3, (FRAME[1] - held.height) // 2))
            wall.save(file, "JPEG", quality=88)


def snapshot(colour: tuple[int, int, int]) -> bytes:
    """A picture as large as a phone takes them."""
    picture = Image.radial_gradient("L").resize((3000, 2250)).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for step in range(24):
        draw.rectangle(
            (step * 125, 900 + step * 13, step * 125 + 60, 1500 + step * 20),
            fill=tuple((part + step * 7) % 256 for part in colour),
        )
    taken = io.BytesIO()
    picture.save(taken, "JPEG", quality=85)
    return taken.getvalue()
