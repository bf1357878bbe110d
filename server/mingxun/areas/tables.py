"""The area tree's table."""

from piccolo.columns import UUID, Array, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from mingxun.kit.database import ENGINE


class Area(Table, tablename="area", db=ENGINE):
    """A subdistrict, neighbourhood, grid or building."""

    id = UUID(primary_key=True, default=None)
    parent: ForeignKey["Area"] = ForeignKey("self", null=True, default=None)
    kind = Text()
    name = Text()
    path = Array(base_column=UUID())
    """From the subdistrict down to this area, both included."""
    neighbourhood: ForeignKey["Area"] = ForeignKey("self", null=True, default=None)
    """Itself for a neighbourhood, None for a subdistrict."""
    phone = Text()
    """Of a neighbourhood: the number on its posters (居委会电话); empty if not given."""
    made_at = Timestamptz()
