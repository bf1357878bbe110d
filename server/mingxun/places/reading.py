"""Looking up what was scanned or typed: one query, since every check-in passes here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mingxun.kit.database import fetch, fetch_row
from mingxun.places.codes import CodeKind, Digits, Reading, Signer, Verdict, read
from mingxun.places.problems import CodeRefused
from mingxun.places.rules import Location
from mingxun.places.service import COLUMNS, SOURCE, location_of


@dataclass(frozen=True, slots=True)
class ScannedPlace:
    """What a code leads to. Whether the reader may do anything there is the caller's question."""

    location: Location
    neighbourhood: UUID
    kind: CodeKind
    key_version: int
    """Of the code; the location's own may be newer."""
    retired: bool
    """The location was re-keyed since: this is an old poster, tablet picture or number."""
    stale: bool
    """A rotating code that was not the one of the moment."""

    @property
    def verdict(self) -> Verdict:
        return Verdict.RETIRED if self.retired else Verdict.VALID


async def read_code(text: str, *, neighbourhoods: Collection[UUID], at: datetime, keys: Signer) -> ScannedPlace:
    """Find the location of a scanned URL, bare payload or six typed digits.

    `neighbourhoods` are those whose numbers the reader may type: digits alone name a location only within one.
    `at` (aware) is when it was scanned; a rotating code is judged by it.
    Raises CodeRefused. The caller limits how many numbers somebody may try.
    """
    found = read(text, keys)
    if isinstance(found, Verdict):
        raise CodeRefused(verdict=found)
    if isinstance(found, Digits):
        return await _by_number(found.number, neighbourhoods)
    row = await fetch_row(f"SELECT {COLUMNS} FROM {SOURCE} WHERE l.id = $1", found.location)
    if row is None or found.key_version > row["key_version"]:
        raise CodeRefused(verdict=Verdict.UNKNOWN)
    return _scanned(location_of(row), found, at)


def _scanned(location: Location, found: Reading, at: datetime) -> ScannedPlace:
    return ScannedPlace(
        location=location,
        neighbourhood=location.neighbourhood,
        kind=found.kind,
        key_version=found.key_version,
        retired=found.key_version < location.key_version,
        stale=found.stale(at),
    )


async def _by_number(number: str, neighbourhoods: Collection[UUID]) -> ScannedPlace:
    """A number that holds wins over the same one retired in another of the reader's neighbourhoods."""
    rows = await fetch(
        f"""SELECT {COLUMNS}, typed.version AS typed_version
            FROM location_key typed JOIN ({SOURCE}) ON l.id = typed.location
            WHERE typed.number = $1 AND typed.neighbourhood = ANY($2::uuid[])""",
        number,
        list(neighbourhoods),
    )
    current = [row for row in rows if row["typed_version"] == row["key_version"]]
    chosen = current or rows
    if not chosen:
        raise CodeRefused(verdict=Verdict.UNKNOWN)
    if len(chosen) > 1:
        raise CodeRefused(
            "This number stands at several of your neighbourhoods; scan the code instead.",
            verdict=Verdict.AMBIGUOUS,
            locations=[row["id"] for row in chosen],
        )
    row = chosen[0]
    return ScannedPlace(
        location=location_of(row),
        neighbourhood=row["neighbourhood"],
        kind=CodeKind.NUMBER,
        key_version=row["typed_version"],
        retired=not current,
        stale=False,
    )
