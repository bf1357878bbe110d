"""Keyset paging: a cursor says after which row the next page begins, so that a page costs the same at the end as at the start."""

import base64
import binascii
from typing import Annotated, Any, TypeVar

import msgspec
from litestar.params import QueryParameter

from mingxun.kit.problems import Problem

Row = TypeVar("Row")

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="How many at most.")]
CursorParam = Annotated[
    str | None,
    QueryParameter(max_length=300, pattern=r"^[A-Za-z0-9_-]+$", description="`next_cursor` of the page before."),
]


class BadCursor(Problem):
    """The cursor is not one of this list; begin at the first page."""

    status = 422
    slug = "bad-cursor"
    title = "The cursor can't be read"


class Cursor:
    """Sort keys of the last row of a page, opaque to clients. It names no row the reader may not see: queries are scoped without it."""

    @staticmethod
    def encode(*keys: Any) -> str:
        """The cursor after the row with these sort keys."""
        return base64.urlsafe_b64encode(msgspec.json.encode(keys)).rstrip(b"=").decode()

    @staticmethod
    def decode(text: str, *kinds: Any) -> tuple[Any, ...]:
        """The sort keys, each of the kind given (datetime, UUID, str, int …). Raises BadCursor."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            keys = msgspec.json.decode(raw, type=list[Any])
            if len(keys) != len(kinds):
                raise BadCursor
            values = tuple(msgspec.convert(key, kind) for key, kind in zip(keys, kinds, strict=True))
        except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
            raise BadCursor from error
        if any(isinstance(value, str) and "\x00" in value for value in values):
            raise BadCursor
        return values


def page_of(rows: list[Row], limit: int) -> tuple[list[Row], bool]:
    """Split what a query with `LIMIT limit + 1` gave into the page and whether more follows."""
    return rows[:limit], len(rows) > limit
