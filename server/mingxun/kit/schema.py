"""The bases and field types of every request and response.

Texts are bounded and free of control characters here, once, so that no rule and no table has to think of them:
PostgreSQL cannot store U+0000 at all, and a line that is shown in a list must not bring its own line breaks.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
_WORD = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
_TEXT = r"^[^\u0000]*$"
_FILLED = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"

Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=_WORD)]
"""A name of a person, place or party: 1 to 40 characters on one line, not blank."""
Line = Annotated[str, Meta(max_length=120, pattern=_LINE)]
"""Up to 120 characters on one line; may be empty."""
Title = Annotated[str, Meta(min_length=1, max_length=120, pattern=_WORD)]
"""1 to 120 characters on one line, not blank."""
Text = Annotated[str, Meta(max_length=2000, pattern=_TEXT)]
"""Up to 2,000 characters, line breaks allowed; may be empty."""
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=_FILLED)]
"""Why somebody did what they did: 1 to 500 characters, not blank."""
Phone = Annotated[str, Meta(min_length=3, max_length=40, pattern=_LINE)]
"""A telephone number as typed; the server normalises it (`people.rules.normalise_phone`)."""
Instant = Annotated[datetime, Meta(tz=True)]
"""An instant with its offset (RFC 3339)."""
Latitude = Annotated[float, Meta(ge=-90, le=90)]
"""Degrees north."""
Longitude = Annotated[float, Meta(ge=-180, le=180)]
"""Degrees east."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body that a client sends. A field that it does not name is refused: a smuggled `role` never slips through."""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """A body that the server sends."""
