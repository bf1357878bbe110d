"""Identifiers."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): sorted by the time it was made, so that indexes grow at one end."""
    return uuid7()


def ids_since(at: datetime) -> UUID:
    """What every id that `new_id` made at `at` or later is not below, and every earlier one is: finds rows by age through their
    primary key. Ids that phones make are of any version.
    """
    return UUID(int=int(at.timestamp() * 1000) << 80)
