"""The ledger's table."""

from piccolo.columns import JSONB, UUID, BigInt, Text, Timestamptz
from piccolo.table import Table

from mingxun.kit.database import ENGINE


class FactRow(Table, tablename="fact", db=ENGINE):
    """One fact. The database refuses to change or remove it."""

    id = UUID(primary_key=True, default=None)
    seq = BigInt()
    at = Timestamptz()
    actor = UUID(null=True)
    kind = Text()
    neighbourhood = UUID(null=True)
    subject = UUID()
    data = JSONB()
