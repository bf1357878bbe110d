"""Pictures of every kind that a phone, or somebody who is up to something, might send."""

import io
import struct
import zlib
from pathlib import Path

from PIL import Image

EXIF = Path(__file__).parent.parent / "data" / "exif"
WITH_GPS = (EXIF / "sample-with-gps-exif.jpg").read_bytes()
ROTATED = (EXIF / "sample-rotated-exif.jpg").read_bytes()


def scene(width: int = 300, height: int = 200) -> Image.Image:
    """A picture whose corners differ: red, green, blue, white (top left, top right, bottom left, bottom right)."""
    image = Image.new("RGB", (width, height))
    half, middle = width // 2, height // 2
    image.paste((255, 0, 0), (0, 0, half, middle))
    image.paste((0, 255, 0), (half, 0, width, middle))
    image.paste((0, 0, 255), (0, middle, half, height))
    image.paste((255, 255, 255), (half, middle, width, height))
    return image


def encoded(image: Image.Image, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def jpeg(width: int = 300, height: int = 200, seed: int = 0) -> bytes:
    """A small photo; another seed gives other bytes."""
    image = scene(width, height)
    image.putpixel((0, 0), (seed % 256, seed // 256 % 256, 7))
    return encoded(image, "JPEG", quality=90, comment=f"{seed}".encode())


def png_by_hand(width: int, height: int, *, bits: int, colour: int, pixel: bytes, rows: int | None = None) -> bytes:
    """A PNG of one colour, or (with fewer `rows` than its header says) one that only claims its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    raw = (b"\0" + pixel * width) * (height if rows is None else rows)
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
