"""What becomes of a picture that somebody sends."""

import io
import struct
import tracemalloc
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from mingxun.tickets.photos.pictures import MAX_SIDE, THUMBNAIL_SIDE, PhotoRefusal, Picture, PictureRefused, make_picture
from tests.tickets.pictures import ROTATED, WITH_GPS, encoded, jpeg, png_by_hand, scene

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def corners(picture: Picture) -> list[tuple[int, int, int]]:
    """The colours near the corners (top left, top right, bottom left, bottom right), each channel rounded to 0 or 255."""
    image = opened(picture.full).convert("RGB")
    width, height = image.size
    spots = [
        (width // 8, height // 8),
        (width * 7 // 8, height // 8),
        (width // 8, height * 7 // 8),
        (width * 7 // 8, height * 7 // 8),
    ]
    found = [image.getpixel(spot) for spot in spots]
    return [tuple(255 if channel > 127 else 0 for channel in colour) for colour in found]  # type: ignore[union-attr, misc]


def refusal_of(data: bytes) -> PhotoRefusal:
    with pytest.raises(PictureRefused) as caught:
        make_picture(data)
    return caught.value.refusal


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "MPO"])
def test_each_kind_that_phones_make_becomes_an_upright_jpeg(kind: str) -> None:
    picture = make_picture(encoded(scene(), kind))
    assert opened(picture.full).format == "JPEG"
    assert (picture.width, picture.height) == opened(picture.full).size == (300, 200)
    assert corners(picture) == [RED, GREEN, BLUE, WHITE]


def test_where_it_was_taken_does_not_stay_in_the_picture() -> None:
    assert opened(WITH_GPS).getexif().get_ifd(0x8825)
    picture = make_picture(WITH_GPS)
    for data in (picture.full, picture.thumbnail):
        assert not opened(data).getexif()
        assert b"Exif" not in data


def test_no_metadata_of_any_kind_stays() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "canary-maker"
    data = encoded(scene(), "JPEG", exif=exif, comment=b"canary-comment", icc_profile=profile, xmp=b"<canary-xmp/>")
    assert data.count(b"canary") == 3
    picture = make_picture(data)
    for kept in (picture.full, picture.thumbnail):
        assert b"canary" not in kept
        assert set(opened(kept).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def test_a_picture_that_lies_on_its_side_is_turned() -> None:
    before, picture = opened(ROTATED), make_picture(ROTATED)
    assert before.getexif()[0x0112] == 6
    assert (picture.width, picture.height) == (before.height, before.width)


_UPRIGHT = scene()
_STORED = {
    1: _UPRIGHT,
    2: _UPRIGHT.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: _UPRIGHT.transpose(Image.Transpose.ROTATE_180),
    4: _UPRIGHT.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: _UPRIGHT.transpose(Image.Transpose.TRANSPOSE),
    6: _UPRIGHT.transpose(Image.Transpose.ROTATE_90),
    7: _UPRIGHT.transpose(Image.Transpose.TRANSVERSE),
    8: _UPRIGHT.transpose(Image.Transpose.ROTATE_270),
}


@pytest.mark.parametrize("orientation", sorted(_STORED))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_every_orientation_in_every_kind_comes_out_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = _STORED[orientation].copy()
    stored.info["exif"] = exif.tobytes()  # the HEIC encoder turns this into the file's own rotation, as phones write it
    picture = make_picture(encoded(stored, kind, exif=exif.tobytes()))
    assert (picture.width, picture.height) == (300, 200)
    assert corners(picture) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert corners(make_picture(encoded(scene(), "JPEG", exif=exif))) == [RED, GREEN, BLUE, WHITE]


def test_a_large_picture_is_made_small_and_gets_a_thumbnail() -> None:
    picture = make_picture(encoded(scene(4000, 3000), "JPEG"))
    assert (picture.width, picture.height) == (MAX_SIDE, 1200)
    assert max(opened(picture.thumbnail).size) == THUMBNAIL_SIDE
    assert corners(picture) == [RED, GREEN, BLUE, WHITE]


def test_a_small_picture_is_not_made_larger() -> None:
    picture = make_picture(jpeg(90, 60))
    assert (picture.width, picture.height) == (90, 60)
    assert opened(picture.thumbnail).size == (90, 60)


def test_a_picture_of_one_pixel_in_one_direction_is_taken() -> None:
    picture = make_picture(encoded(Image.new("RGB", (5000, 1)), "PNG"))
    assert (picture.width, picture.height) == (MAX_SIDE, 1)


def test_print_colours_become_screen_colours() -> None:
    data = encoded(Image.new("CMYK", (80, 60), (0, 255, 255, 0)), "JPEG")
    assert opened(data).mode == "CMYK"
    kept = opened(make_picture(data).full)
    assert kept.mode == "RGB"
    red, green, blue = kept.getpixel((40, 30))  # type: ignore[misc]
    assert red > 180 > 90 > max(green, blue)


@pytest.mark.parametrize(
    ("colour", "pixel", "expected"),
    [
        (0, struct.pack(">H", 25600), (100, 100, 100)),
        (2, struct.pack(">HHH", 51200, 25600, 0), (200, 100, 0)),
        (4, struct.pack(">HH", 25600, 65535), (100, 100, 100)),
        (6, struct.pack(">HHHH", 51200, 25600, 0, 65535), (200, 100, 0)),
    ],
)
def test_sixteen_bits_a_channel_keep_their_brightness(colour: int, pixel: bytes, expected: tuple[int, int, int]) -> None:
    kept = opened(make_picture(png_by_hand(40, 30, bits=16, colour=colour, pixel=pixel)).full)
    found = kept.getpixel((20, 15))
    assert all(abs(a - b) <= 6 for a, b in zip(found, expected, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L"])
def test_what_is_transparent_becomes_white(mode: str) -> None:
    image = Image.new("RGBA", (40, 40), (255, 255, 255, 0))
    kept = opened(make_picture(encoded(image.convert(mode), "PNG")).full)
    assert min(kept.getpixel((20, 20))) > 250  # type: ignore[arg-type]


def test_an_unusable_colour_profile_is_left_out_of_account() -> None:
    assert corners(make_picture(encoded(scene(), "JPEG", icc_profile=b"nonsense" * 40))) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize(
    "data",
    [
        b"<!doctype html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
        b"%PDF-1.7",
        b"MZ\x90\x00",
        b"\x00\x00\x00\x18ftypmp42",
        b"\x00\x00\x00\x18ftypavif",
        b"BM" + bytes(60),
        b"II*\x00" + bytes(60),
        b"RIFF\x00\x00\x00\x00WAVE",
        b"x",
        bytes(5000),
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name(data: bytes) -> None:
    assert refusal_of(data) is PhotoRefusal.NOT_A_PICTURE


def test_html_behind_the_first_bytes_of_a_picture_does_not_get_through() -> None:
    assert refusal_of(b"\xff\xd8\xff\xe0<html><script>alert(1)</script></html>") is PhotoRefusal.DAMAGED
    picture = make_picture(jpeg() + b"<script>alert(1)</script>")
    assert b"<script>" not in picture.full


def test_nothing_is_refused_as_nothing() -> None:
    assert refusal_of(b"") is PhotoRefusal.EMPTY


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_moving_pictures_are_refused(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, loop=0)
    assert refusal_of(data) is PhotoRefusal.ANIMATED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("size", [(300, 200), (2000, 1500)])
def test_a_picture_cut_anywhere_is_refused_as_damaged(kind: str, size: tuple[int, int]) -> None:
    data = encoded(scene(*size), kind)
    cuts = {20, 200, len(data) // 3, len(data) // 2, len(data) * 9 // 10, len(data) - 8, len(data) - 1}
    for cut in sorted(cut for cut in cuts if 12 < cut < len(data)):
        assert refusal_of(data[:cut]) is PhotoRefusal.DAMAGED, cut


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = png_by_hand(30_000, 30_000, bits=1, colour=0, pixel=b"", rows=0)
    lossless = (
        b"RIFF"
        + struct.pack("<I", 30)
        + b"WEBPVP8L"
        + struct.pack("<I", 18)
        + b"\x2f"
        + (0x3FFF | 0x3FFF << 14).to_bytes(4, "little")
    )
    extended = b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\x00" * 2
    tracemalloc.start()
    for data in (bomb, lossless + bytes(13), extended + bytes(8)):
        assert refusal_of(data) is PhotoRefusal.TOO_MANY_PIXELS
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("size", [(8001, 5000), (12_000, 4_000)])
def test_just_over_forty_megapixels_is_too_many(size: tuple[int, int]) -> None:
    data = encoded(Image.new("1", size), "PNG")
    assert len(data) < 100_000
    assert refusal_of(data) is PhotoRefusal.TOO_MANY_PIXELS


def test_forty_megapixels_are_taken() -> None:
    assert make_picture(encoded(Image.new("L", (8000, 5000)), "PNG")).width == MAX_SIDE


def test_broken_bytes_never_raise_anything_else() -> None:
    for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
        data = bytearray(encoded(scene(64, 48), kind))
        for at in range(12, len(data), max(1, len(data) // 60)):
            broken = bytearray(data)
            broken[at] ^= 0xFF
            try:
                make_picture(bytes(broken))
            except PictureRefused:
                continue


def test_the_samples_say_where_they_are_from() -> None:
    assert "fixmystreet" in (Path(__file__).parent.parent / "data" / "exif" / "README.md").read_text()
