"""The area tree: subdistrict › neighbourhood › grid › building. Roles are held in areas and locations lie in them."""

from mingxun.areas.problems import AreaExists, AreaMisplaced
from mingxun.areas.schemas import AreaKind, AreaOut
from mingxun.areas.service import AreaRow, areas_of, create_area, create_areas, load_area, neighbourhoods_below

__all__ = [
    "AreaExists",
    "AreaKind",
    "AreaMisplaced",
    "AreaOut",
    "AreaRow",
    "areas_of",
    "create_area",
    "create_areas",
    "load_area",
    "neighbourhoods_below",
]
