"""The tables of locations and their keys."""

from piccolo.columns import UUID, DoublePrecision, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from mingxun.areas.tables import Area
from mingxun.kit.database import ENGINE


class LocationRow(Table, tablename="location", db=ENGINE):
    """A place where people serve. Its position is WGS-84, in degrees."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = ForeignKey(Area, null=False)
    area = ForeignKey(Area, null=False)
    plate = Text()
    name = Text()
    address = Text()
    latitude = DoublePrecision(null=True, default=None)
    longitude = DoublePrecision(null=True, default=None)
    source_datum = Text(null=True, default=None)
    fence_radius = Integer()
    """Metres."""
    key_version = Integer()
    """The version whose codes hold now."""
    made_at = Timestamptz()


class LocationKeyRow(Table, tablename="location_key", db=ENGINE):
    """One generation of a location's codes and its six digits, which nothing else in the neighbourhood ever gets again."""

    location = ForeignKey(LocationRow, primary_key=True, null=False)
    version = Integer()
    neighbourhood = ForeignKey(Area, null=False)
    number = Text()
    made_at = Timestamptz()
    retired_at = Timestamptz(null=True, default=None)
