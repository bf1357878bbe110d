"""What a fact is."""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, NewType
from uuid import UUID

import msgspec

FactId = NewType("FactId", UUID)


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Something that happened. A feature subclasses it, with `tag="signed_up"`, in its `facts.py`.

    Fields hold ids, enums, instants and numbers, and nothing that somebody typed: people write names and telephone numbers into
    every text there is, and whoever is erased must not live on in a ledger that can't forget. Texts stay in the feature's own
    tables, where the fact's ids find them. What a newer version added has a default, so that older facts can still be read.
    """

    neighbourhood: UUID | None
    """None for what concerns an account or a whole subdistrict."""
    subject: UUID
    """What it happened to: the shift, ticket, person …"""
    silent: ClassVar[bool] = False
    """Nobody is ever told of facts of this kind, so their announcement is not even enqueued (`SILENT` in notifications says why)."""
    unseen: ClassVar[bool] = False
    """Facts of this kind change nothing that anybody sees, so open apps are not hinted at them."""


class RecordedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as the ledger keeps it."""

    id: FactId
    seq: int
    at: datetime
    actor: UUID | None
    """None: the service itself."""
    kind: str
    neighbourhood: UUID | None
    subject: UUID
    data: bytes
    """JSON; decode it with the fact's class."""


def fact_kinds() -> dict[str, type[Fact]]:
    """Every fact class that has been imported, by its tag."""
    return {str(kind.__struct_config__.tag): kind for kind in _subclasses(Fact)}


def _subclasses(kind: type[Fact]) -> Iterator[type[Fact]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)
