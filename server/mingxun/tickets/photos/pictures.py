"""Making a picture that anybody sent into one that is safe to keep and to show.

What comes in is judged by its bytes, never by its name or declared type. What is kept is a fresh JPEG: upright, in sRGB, without
any metadata (a phone writes where and when it was taken, and by whom), at most 1,600 pixels on its long side; and a thumbnail.

Pure in the sense that nothing is read or written; it takes up to a second of processor time, so run it in a thread.
"""

import io
import struct
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Final

from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

MAX_BYTES: Final = 10 * 1024 * 1024
"""Of one upload."""
MAX_PIXELS: Final = 40_000_000
"""Of the picture as it arrives, looked at before anything is decoded: more than most phones take (and the app sends at most 1,600
pixels on the long side). Measured at this size: a JPEG takes 30 MB and 0.2 s, a HEIC 280 MB, a PNG 370 MB, a WebP 620 MB and 1.3 s."""
LARGE: Final = 16_000_000
"""Pixels from which pictures are decoded one at a time in a process, for the sake of its memory."""
MAX_SIDE: Final = 1600
THUMBNAIL_SIDE: Final = 320
QUALITY: Final = 82
"""JPEG quality: at 1,600 pixels, 200 to 500 KB with nothing lost that a person would look for."""

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF")

_ONE_LARGE = Lock()

register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)


class PhotoRefusal(StrEnum):
    """Why a picture is not taken."""

    EMPTY = "empty"
    """There was nothing in it."""
    NOT_A_PICTURE = "not_a_picture"
    """Not a JPEG, PNG, WebP or HEIC picture, whatever its name says."""
    DAMAGED = "damaged"
    """It begins like a picture, and breaks off or can't be read: send it again."""
    ANIMATED = "animated"
    """A moving picture; send a single one."""
    TOO_MANY_PIXELS = "too_many_pixels"
    """More than 40 million pixels; send a smaller one."""


class PictureRefused(Exception):
    """The bytes are not a picture that is kept."""

    def __init__(self, refusal: PhotoRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Picture:
    """What is kept: two JPEGs, and the size in pixels of the larger."""

    full: bytes
    thumbnail: bytes
    width: int
    height: int


def make_picture(data: bytes) -> Picture:
    """Re-encode a picture. Raises PictureRefused."""
    if not data:
        raise PictureRefused(PhotoRefusal.EMPTY)
    _check_head(data)
    # Whoever sends hostile bytes chooses what a decoder raises on them, so every other error means the same: not readable.
    try:
        with (
            Image.open(io.BytesIO(data), formats=_FORMATS) as image,
            _ONE_LARGE if image.width * image.height > LARGE else nullcontext(),
        ):
            return _encode(_decode(image))
    except (PictureRefused, MemoryError):  # the latter is our fault, and may be better next time
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(PhotoRefusal.TOO_MANY_PIXELS) from error
    except Exception as error:
        raise PictureRefused(PhotoRefusal.DAMAGED) from error


def _check_head(data: bytes) -> None:
    """Refuse what is no picture by its first bytes, and pictures whose decoder would allocate before it could tell the size."""
    if data.startswith(b"\xff\xd8\xff"):
        return
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        if b"IEND\xaeB`\x82" not in data:  # Pillow shows a PNG that lacks its end, and what is missing stays black
            raise PictureRefused(PhotoRefusal.DAMAGED)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        if struct.unpack("<I", data[4:8])[0] + 8 > len(data):
            raise PictureRefused(PhotoRefusal.DAMAGED)
        size = _webp_size(data)
        if size is not None and size[0] * size[1] > MAX_PIXELS:
            raise PictureRefused(PhotoRefusal.TOO_MANY_PIXELS)
    elif data[4:8] != b"ftyp" or data[8:12] not in _HEIF_BRANDS:
        raise PictureRefused(PhotoRefusal.ANIMATED if data[:6] in (b"GIF87a", b"GIF89a") else PhotoRefusal.NOT_A_PICTURE)


_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
"""ISO/IEC 23008-12: single pictures. `hevc` and `msf1` are sequences."""


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the first chunk (RFC 9649); None when it is none of the three kinds."""
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return None


def _decode(image: Image.Image) -> Image.Image:
    """The picture upright, in RGB and sRGB, at most `MAX_SIDE` on its long side."""
    if image.width * image.height > MAX_PIXELS:
        raise PictureRefused(PhotoRefusal.TOO_MANY_PIXELS)
    if image.format in ("PNG", "WEBP") and getattr(image, "is_animated", False):
        raise PictureRefused(PhotoRefusal.ANIMATED)
    turn = _TURNS.get(_orientation(image))
    if image.format in ("JPEG", "MPO"):  # MPO: a JPEG with further pictures behind it; the first is taken
        scale = min(1.0, MAX_SIDE / max(image.size))
        # Decodes at 1/2, 1/4 or 1/8 where that is not below what is asked for: a quarter of the time and memory.
        image.draft(None, (round(image.width * scale), round(image.height * scale)))
    image.load()
    if image.width * image.height > MAX_PIXELS:  # a HEIC's frame may differ from what its header says
        raise PictureRefused(PhotoRefusal.TOO_MANY_PIXELS)
    profile = image.info.get("icc_profile")
    plain = _eight_bit(image)
    plain.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)  # first, so that all else works on little
    flat = _in_srgb(_on_white(plain), profile)
    return flat.transpose(turn) if turn is not None else flat


_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF tag 0x0112 to what makes the picture upright."""


def _orientation(image: Image.Image) -> int:
    if image.format == "HEIF":
        return 1  # libheif has turned it by the file's own rotation; what EXIF says besides must not turn it again
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # broken metadata is no reason to refuse a picture
        return 1
    return value if isinstance(value, int) else 1


def _eight_bit(image: Image.Image) -> Image.Image:
    """Eight bits a channel and no palette: L, RGB, RGBA or CMYK. The very image where it is so already."""
    if image.mode.startswith("I"):  # 16 bits of grey; Pillow's own conversion would cut everything above 255
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode == "RGBA" or (image.mode in ("L", "RGB", "CMYK") and not image.has_transparency_data):
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """The colours as seen on any screen; a profile that can't be used is left out of account."""
    if isinstance(profile, bytes) and image.mode in ("RGB", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
            if converted is not None:
                return converted
    return image.convert("RGB")


_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _encode(image: Image.Image) -> Picture:
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return Picture(full=_jpeg(image), thumbnail=_jpeg(small), width=image.width, height=image.height)


def _jpeg(image: Image.Image) -> bytes:
    """As JPEG. A new picture is made of the pixels alone, so that nothing else can come along."""
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()
