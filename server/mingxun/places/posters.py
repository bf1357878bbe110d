"""Posters on A4, set with Typst: one page a location, one file for as many as are wanted."""

from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

import msgspec
import pylopdf_fonts_zh_cn
import typst


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What the band of a sign names to its left and right."""

    plate: str
    name: str


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on one page. `qr` is an SVG."""

    plate: str
    name: str
    number: str
    qr: str
    previous: Neighbour | None = None
    next: Neighbour | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of posters. `contact` is the telephone number of the residents' committee, left out when not known."""

    neighbourhood: str
    contact: str | None
    posters: tuple[Poster, ...]


def set_posters(sheet: Sheet) -> bytes:
    """Set the posters as PDF. Blocks for some tens of milliseconds a page: call it in a thread.

    What people typed reaches the template as data, never as markup.
    """
    return typst.compile(
        _template(),
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"sheet": msgspec.json.encode(asdict(sheet)).decode()},
    )


@cache
def _template() -> bytes:
    return files("mingxun.places").joinpath("poster.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    """Noto Sans SC and nothing of the machine's, so that a poster looks the same wherever it is set."""
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(pylopdf_fonts_zh_cn.sans_path().parent)],
    )
