"""Instants in a query string.

Litestar itself takes `0.5` for an instant there, and one without an offset; both are mistakes that should be told, not guessed at.
"""

import re
from datetime import UTC, datetime
from typing import Annotated

from litestar.params import QueryParameter

from mingxun.kit.problems import InvalidBody

InstantText = Annotated[str | None, QueryParameter(format="date-time")]
"""An instant as a client writes it in a query. For one with another name, repeat it with `name=`."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""What lies beyond is taken as these: no shift does, and PostgreSQL and Python disagree about the ends of the calendar."""

_RFC3339 = re.compile(r"(\d{4})-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def read_instant(name: str, text: str | None) -> datetime | None:
    """The instant in UTC that the query parameter `name` says; None if it is not given. Raises InvalidBody."""
    if text is None:
        return None
    found = _RFC3339.fullmatch(text)
    if found is not None:
        try:
            said = datetime.fromisoformat(text.upper().replace(":60", ":59"))  # a leap second
            return min(max(said.astimezone(UTC), EARLIEST), LATEST)
        except OverflowError:
            return EARLIEST if found[1] < "1970" else LATEST
        except ValueError:
            pass
    raise InvalidBody(
        errors=[
            {
                "field": name,
                "reason": "An instant with its offset is wanted, like 2026-11-22T08:00:00+08:00 (in a query, + is %2B).",
            }
        ]
    )
