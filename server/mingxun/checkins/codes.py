"""What somebody scanned or typed, as far as they may know it."""

from datetime import timedelta

from mingxun.checkins.problems import CodeUnknown
from mingxun.checkins.rules import Timing
from mingxun.kit.database import fetch_value
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.signing import Keys
from mingxun.people.access import Act, Actor
from mingxun.places import CodeRefused, ScannedPlace, Verdict, read_code
from mingxun.places.codes import Digits, read

NUMBERS = 20
"""How many six-digit numbers a person may try in `NUMBERS_PER`: many more than typing mistakes, and 900,000 to guess among."""
NUMBERS_PER = timedelta(minutes=10)


async def limit_numbers(code: str, actor: Actor, *, keys: Keys, limits: RateLimits) -> None:
    """Count a typed number. Raises RateLimited: the phone keeps the check-in and sends it again later."""
    if isinstance(read(code, keys), Digits):
        await limits.take("code-number", str(actor.person), limit=NUMBERS, per=NUMBERS_PER)


async def scanned_place(code: str, actor: Actor, act: Act, *, timing: Timing, keys: Keys) -> ScannedPlace:
    """The location of a code.

    Raises CodeUnknown, in the same words whether there is no such location or the actor has no role where it is; Forbidden when
    their roles there don't allow `act`.
    """
    try:
        scanned = await read_code(code, neighbourhoods=actor.neighbourhoods(), at=timing.by_server, keys=keys)
    except CodeRefused as refused:
        raise CodeUnknown(**refused.members) from refused
    if not actor.roles(scanned.neighbourhood):
        raise CodeUnknown(verdict=Verdict.UNKNOWN)
    actor.require(act, scanned.neighbourhood)
    return scanned


async def was_retired(scanned: ScannedPlace, timing: Timing) -> bool:
    """Whether the poster had been replaced when it was scanned: one that was good then is good, however late the scan arrives."""
    if not scanned.retired:
        return False
    return bool(
        await fetch_value(
            "SELECT retired_at <= $3 FROM location_key WHERE location = $1 AND version = $2",
            scanned.location.id,
            scanned.key_version,
            timing.at,
        )
    )
