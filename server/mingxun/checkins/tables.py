"""Stays, and what is known of their comings and goings. Coordinates have no column here."""

from piccolo.columns import UUID, Array, Boolean, Bytea, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from mingxun.kit.database import ENGINE


class Attendance(Table, tablename="attendance", db=ENGINE):
    """One stay of one person at one place. Its times are those of the evidence that counts."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = UUID()
    person = UUID()
    shift = UUID(null=True)
    location = UUID()
    arrived_at = Timestamptz()
    left_at = Timestamptz(null=True)
    left_assumed = Boolean()
    minutes = Integer(null=True)
    conflict = Text(null=True)


class Evidence(Table, tablename="evidence", db=ENGINE):
    """One scan, one word of a leader, or one supposition of the service. Its id is the phone's, so it is kept exactly once."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = UUID()
    attendance = UUID()
    direction = Text()
    counts = Boolean()
    standing = SmallInt()
    at = Timestamptz()
    phone_at = Timestamptz(null=True)
    received_at = Timestamptz()
    grade = Text()
    flags = Array(base_column=Text())
    place = Text()
    distance = Text()
    accuracy = Integer(null=True)
    device_hash = Bytea(null=True)
    code_version = Integer(null=True)
    vouched_by = UUID(null=True)
    reason = Text(null=True)
    fingerprint = Bytea(null=True)
