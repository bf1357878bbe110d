"""What the boundary keeps."""

from piccolo.columns import Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from mingxun.kit.database import ENGINE


class IdempotencyKey(Table, tablename="idempotency_key", db=ENGINE):
    """A retryable request that was made, and its reply."""

    owner = Text(primary_key=True)
    key = Text()
    fingerprint = Bytea()
    status = Integer(null=True)
    content_type = Text(null=True)
    reply = Bytea(null=True)
    created_at = Timestamptz()
    expires_at = Timestamptz()


class RateLimit(Table, tablename="rate_limit", db=ENGINE):
    """Tries in one window."""

    bucket = Text(primary_key=True)
    key_hash = Bytea()
    window_start = Timestamptz()
    taken = Integer()
