"""Requests and responses about places and the codes that stand at them."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from mingxun.areas.schemas import AreaKind
from mingxun.kit.schema import Instant, Latitude, Line, Longitude, Name, Request, Response


class Datum(StrEnum):
    """The coordinate system a position was given in. Kept beside the position, which is stored in WGS-84."""

    WGS84 = "wgs84"
    """GPS, phones."""
    GCJ02 = "gcj02"
    """Amap 高德, Tencent 腾讯."""
    BD09 = "bd09"
    """Baidu 百度."""


FenceRadius = Annotated[int, Meta(ge=20, le=1000)]
"""Metres."""
Plate = Annotated[str, Meta(min_length=1, max_length=4, pattern=r"^[0-9A-Za-z]+$")]
"""What stands in the ring on the sign: `01`, `12A`."""


class CreateArea(Request, frozen=True, kw_only=True):
    """Add a grid or a building below `parent`."""

    parent: UUID
    kind: AreaKind
    name: Name


class Position(Request, frozen=True, kw_only=True):
    """Where something is, in the datum of the map it was read from."""

    latitude: Latitude
    longitude: Longitude
    datum: Datum = Datum.WGS84


class CreateLocation(Request, frozen=True, kw_only=True):
    area: UUID
    """The neighbourhood, or an area in it."""
    plate: Plate | None = None
    """The next free number when left out."""
    name: Name
    address: Line = ""
    position: Position | None = None
    """None: not known yet. Check-ins here are then never “with place”."""
    fence_radius: FenceRadius = 80


class UpdateLocation(Request, frozen=True, kw_only=True):
    """Fields left out stay as they are."""

    name: Name | None = None
    address: Line | None = None
    position: Position | None = None
    fence_radius: FenceRadius | None = None
    area: UUID | None = None


class LocationOut(Response, frozen=True, kw_only=True):
    """A place where people serve."""

    id: UUID
    neighbourhood: UUID
    area: UUID
    area_name: str
    plate: str
    name: str
    address: str
    latitude: float | None
    """WGS-84, degrees."""
    longitude: float | None
    source_datum: Datum | None
    fence_radius: int
    key_version: int
    number: str | None
    """Six digits, the way round when a code can't be scanned. Coordinators see it; others read it on the poster."""


class LocationPage(Response, frozen=True, kw_only=True):
    items: list[LocationOut]
    next_cursor: str | None


class RotatingCode(Response, frozen=True, kw_only=True):
    """The code that a tablet at the post shows now. Fetch again at `next_at`."""

    url: str
    svg: str
    valid_until: Instant
    next_at: Instant


class GeocodeAddress(Request, frozen=True, kw_only=True):
    query: Annotated[str, Meta(min_length=2, max_length=120, pattern=r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$")]
    """The address to look up."""


class GeocodeResult(Response, frozen=True, kw_only=True):
    address: str
    latitude: float
    """WGS-84, degrees."""
    longitude: float


class GeocodeResults(Response, frozen=True, kw_only=True):
    items: list[GeocodeResult]
