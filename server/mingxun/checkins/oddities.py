"""What two scans make odd about each other: one phone for several people, and one person at two places at once.

Phones deliver late and in any order, so both scans of a pair get the flag, whichever came first. The caller holds the transaction
and the locks of `records.lock`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from mingxun.checkins import rules
from mingxun.checkins.facts import ScanFlagged
from mingxun.checkins.records import Beside, OtherScan
from mingxun.checkins.schemas import Flag
from mingxun.kit.database import fetch
from mingxun.ledger import record
from mingxun.places import Location, distance_m

Oddities = Mapping[Flag, Sequence[UUID]]
"""What is odd, and the evidence that it is odd together with; the scan itself has every flag that is in it."""


def oddities(location: Location | None, at: datetime, beside: Beside) -> Oddities:
    """Judge a scan at the instant `at` beside the others. `location` None: it does not prove where the person was."""
    found: dict[Flag, Sequence[UUID]] = {}
    if beside.on_this_phone:
        found[Flag.SHARED_DEVICE] = beside.on_this_phone
    if location is not None and (far := [other.evidence for other in beside.own if _impossible(location, at, other)]):
        found[Flag.IMPOSSIBLE_TRAVEL] = far
    return found


def _impossible(location: Location, at: datetime, other: OtherScan) -> bool:
    """Compares known locations, never positions of the phone: none is kept."""
    if other.location == location.id or other.latitude is None or other.longitude is None:
        return False
    distance = distance_m(location, other.latitude, other.longitude)
    return distance is not None and rules.impossible_travel(distance, at - other.at)


async def flag_others(found: Oddities, *, actor: UUID, at: datetime) -> None:
    """Put the flags on the other scans, which were kept before anything was odd about them; each is recorded."""
    for flag, evidence in found.items():
        rows = await fetch(
            """UPDATE evidence e
               SET flags = ARRAY(SELECT f FROM unnest($3::text[]) WITH ORDINALITY AS known (f, place)
                                 WHERE f = $2 OR f = ANY (e.flags) ORDER BY place)
               FROM attendance a
               WHERE e.id = ANY ($1::uuid[]) AND a.id = e.attendance AND NOT $2 = ANY (e.flags)
               RETURNING e.id, e.neighbourhood, e.attendance, a.person""",
            list(evidence),
            flag.value,
            [known.value for known in Flag],
        )
        for row in rows:
            fact = ScanFlagged(
                neighbourhood=row["neighbourhood"],
                subject=row["attendance"],
                attendance=row["attendance"],
                person=row["person"],
                evidence=row["id"],
                flag=flag,
            )
            await record(fact, actor=actor, at=at)
