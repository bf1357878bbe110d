"""What can be wrong with an area."""

from mingxun.kit.database import constraint
from mingxun.kit.problems import Problem


class AreaExists(Problem):
    """An area of this name is there already; choose another name."""

    status = 409
    slug = "area-exists"
    title = "There is an area of this name"


class AreaMisplaced(Problem):
    """A grid goes below a neighbourhood, a building below a neighbourhood or a grid."""

    status = 422
    slug = "area-misplaced"
    title = "Such an area does not go there"


constraint("area_name", AreaExists)
constraint("area_fits_its_parent", AreaMisplaced)
