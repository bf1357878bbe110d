import io
import time
from uuid import uuid4

import pypdfium2  # type: ignore[import-untyped]
import pytest
import typst
import zxingcpp
from PIL import Image

from mingxun.places.codes import code_url, mint_poster
from mingxun.places.posters import Neighbour, Poster, Sheet, set_posters
from mingxun.places.qr import qr_svg
from tests.places.test_codes import OURS

LONG = "凌云里三期地下车库北出入口与非机动车棚之间的垃圾分类投放点志愿服务岗位东明路口号"
assert len(LONG) == 40


def poster(name: str = "东门岗亭", plate: str = "01", number: str = "408215", url: str | None = None) -> Poster:
    return Poster(
        plate=plate,
        name=name,
        number=number,
        qr=qr_svg(url or code_url("https://mingxun.example.org.cn", mint_poster(uuid4(), 1, OURS)), quiet=0),
        previous=Neighbour("06", "西门"),
        next=Neighbour("03", "中心花园"),
    )


def pages(pdf: bytes, scale: float = 150 / 72) -> list[tuple[Image.Image, str]]:
    """Each page as a picture at 150 dpi, as a printer would see it, and its text."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [(page.render(scale=scale).to_pil(), page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def test_a_poster_is_one_a4_page_with_all_that_people_need() -> None:
    pdf = set_posters(Sheet(neighbourhood="凌云里居民区", contact="021-0000 1234", posters=(poster(),)))
    ((picture, text),) = pages(pdf)
    assert (picture.width, picture.height) == (1241, 1754)
    for words in (
        "明巡",
        "凌云里居民区",
        "东门岗亭",
        "01",
        "408 215",
        "西门 06",
        "中心花园 03",
        "居委会电话",
        "021-0000 1234",
        "打开微信",
    ):
        assert words in text


def test_its_code_is_read_from_the_rendered_page_also_when_small_and_grey() -> None:
    url = code_url("https://mingxun.example.org.cn", mint_poster(uuid4(), 1, OURS))
    pdf = set_posters(Sheet(neighbourhood="凌云里", contact=None, posters=(poster(url=url),)))
    for scale in (150 / 72, 60 / 72):
        ((picture, _),) = pages(pdf, scale)
        assert [code.text for code in zxingcpp.read_barcodes(picture.convert("L"))] == [url]


def test_a_torn_corner_does_not_matter() -> None:
    url = code_url("https://mingxun.example.org.cn", mint_poster(uuid4(), 1, OURS))
    ((picture, _),) = pages(set_posters(Sheet(neighbourhood="凌云里", contact=None, posters=(poster(url=url),))))
    left, top, side = 100, 590, 508  # pixels at 150 dpi; the code is 86 mm wide
    picture.paste((255, 255, 255), (left + side - 110, top + side - 110, left + side, top + side))
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [url]


def test_without_a_known_number_no_telephone_is_named() -> None:
    ((_, text),) = pages(set_posters(Sheet(neighbourhood="凌云里", contact=None, posters=(poster(),))))
    assert "居委会电话" not in text


@pytest.mark.parametrize("name", [LONG, "W" * 40, "Dongming Community Garden East Gate 2", "岗"])
def test_any_name_that_may_be_given_fits_its_sign(name: str) -> None:
    beside = Neighbour("12AW", name)
    crowded = Poster(plate="12AW", name=name, number="908215", qr=poster().qr, previous=beside, next=beside)
    for neighbourhood in ("凌云里", name):
        found = pages(set_posters(Sheet(neighbourhood=neighbourhood, contact="021-0000 1234 转 1234", posters=(crowded,))))
        assert len(found) == 1
        picture = found[0][0].convert("RGB")
        assert blank(picture, 0, 0, 13, 296), "something runs off to the left"
        assert blank(picture, 197, 0, 210, 296), "something runs off to the right"
        assert blank(picture, 0, 288, 210, 296), "something runs off at the foot"
        if neighbourhood == "凌云里":
            assert blank(picture, 20, 30.7, 190, 31.7), "the name touches the sign's upper edge"
            assert blank(picture, 20, 68.5, 190, 69.5), "the name touches the band"


def blank(page: Image.Image, left: float, top: float, right: float, bottom: float) -> bool:
    """Whether nothing is printed in a part of an A4 page, given in millimetres."""
    mm = page.width / 210
    part = page.crop((round(left * mm), round(top * mm), round(right * mm), round(bottom * mm)))
    return part.convert("L").getextrema() == (255, 255)


def test_what_people_type_is_never_markup() -> None:
    nasty = '#panic() *b* $x$ <a> \\ "q" @c [d'
    ((_, text),) = pages(set_posters(Sheet(neighbourhood=nasty, contact=nasty, posters=(poster(name=nasty),))))
    assert text.count("#panic()") >= 2


def test_a_neighbourhood_of_60_is_one_file_with_a_page_each_made_in_a_tenth_of_a_second_a_page() -> None:
    urls = [code_url("https://mingxun.example.org.cn", mint_poster(uuid4(), 1, OURS)) for _ in range(60)]
    set_posters(Sheet(neighbourhood="凌云里", contact=None, posters=(poster(),)))
    started = time.perf_counter()
    posters = tuple(poster(f"点位第{n}号", f"{n:02d}", str(100_000 + n), url) for n, url in enumerate(urls, 1))
    pdf = set_posters(Sheet(neighbourhood="凌云里", contact="021-0000 1234", posters=posters))
    seconds = time.perf_counter() - started
    found = pages(pdf, 72 / 72)
    assert len(found) == 60
    assert [zxingcpp.read_barcode(picture).text for picture, _ in found] == urls  # type: ignore[union-attr]
    assert seconds / 60 <= 0.1, f"{seconds / 60:.3f} s a page"


def test_a_tablets_code_brings_its_own_white_margin() -> None:
    url = "https://mingxun.example.org.cn/c/" + "A" * 44
    page = b"#set page(width: 60mm, height: 60mm, margin: 0mm, fill: black)\n#image(bytes(sys.inputs.qr), width: 60mm)"
    png = typst.compile(page, format="png", sys_inputs={"qr": qr_svg(url)})
    found = zxingcpp.read_barcode(Image.open(io.BytesIO(png)))
    assert found is not None
    assert found.text == url
