"""The tables of shifts, and nothing else. The constraints stand in the migration."""

from piccolo.columns import UUID, Boolean, Integer, Text, Timestamptz
from piccolo.table import Table

from mingxun.kit.database import ENGINE


class Shift(Table, tablename="shift", db=ENGINE):
    """One duty at one place and time."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = UUID(default=None)
    kind = Text()
    title = Text()
    location = UUID(default=None)
    starts_at = Timestamptz()
    ends_at = Timestamptz()
    note = Text()
    supports_property = Boolean()
    state = Text()
    cancel_reason = Text(null=True, default=None)
    made_by = UUID(default=None)
    version = Integer()
    """Grows by one with every change of this row or of its needs' numbers, not when a place is taken."""


class Need(Table, tablename="need", db=ENGINE):
    """How many people of a kind a shift wants. One that was struck out has a maximum of 0; places taken in it refer to it."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = UUID(default=None)
    shift = UUID(default=None)
    position = Integer()
    role = Text()
    minimum = Integer()
    desired = Integer()
    maximum = Integer()
    taken = Integer(default=0)
    """The number of active assignments. Triggers count it, and let nobody else write it."""


class Assignment(Table, tablename="assignment", db=ENGINE):
    """A person's place on a shift. Ended ones stay, as history."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = UUID(default=None)
    shift = UUID(default=None)
    need = UUID(default=None)
    person = UUID(default=None)
    starts_at = Timestamptz()
    """The shift's; a foreign key keeps it so."""
    ends_at = Timestamptz()
    """The shift's; a foreign key keeps it so."""
    state = Text()
    """`active`, or how it ended: `withdrawn`, `unassigned`, `cancelled`."""
    assigned = Boolean()
    made_by = UUID(default=None)
    made_at = Timestamptz()
    ended_by = UUID(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)


class ShiftChange(Table, tablename="shift_change", db=ENGINE):
    """What a text of a shift was before a change, and after it; the fact of the change says which texts it was about."""

    fact = UUID(primary_key=True, default=None)
    neighbourhood = UUID(default=None)
    shift = UUID(default=None)
    field = Text()
    before = Text()
    after = Text()
    at = Timestamptz()
