"""Areas as the API shows them."""

from enum import StrEnum
from uuid import UUID

from mingxun.kit.schema import Response


class AreaKind(StrEnum):
    """The levels of the tree, from the top down."""

    SUBDISTRICT = "subdistrict"
    """街道."""
    NEIGHBOURHOOD = "neighbourhood"
    """居民区: the unit of tenancy."""
    GRID = "grid"
    """微网格."""
    BUILDING = "building"
    """楼栋."""


class AreaOut(Response, frozen=True, kw_only=True):
    """One area. `parent` is None for a subdistrict only."""

    id: UUID
    parent: UUID | None
    kind: AreaKind
    name: str


class AreaList(Response, frozen=True, kw_only=True):
    """A neighbourhood and all areas below it, parents before children. A neighbourhood has some hundreds at most."""

    items: list[AreaOut]
