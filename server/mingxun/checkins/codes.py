"""What somebody scanned or typed, as far as they may know it."""

from datetime import timedelta

from mingxun.checkins.problems import CodeUnknown
from mingxun.checkins.rules import Timing
from mingxun.kit.database import fetch_value
from mingxun.kit.problems import RateLimited
from mingxun.kit.rate_limits import RateLimits, Taken
from mingxun.kit.signing import Keys
from mingxun.people.access import Act, Actor
from mingxun.places import CodeRefused, ScannedPlace, Verdict, read_code
from mingxun.places.codes import Digits, read

NUMBERS_PER = timedelta(minutes=10)
NUMBERS = 20
"""How many wrong six-digit numbers a person may try in `NUMBERS_PER`: many more than typing mistakes, and 900,000 to guess among."""
NUMBERS_OF_SOURCE = 60
"""Wrong ones from one address in that time; then it is crowded."""
NUMBERS_OF_NEIGHBOURHOOD = 100
"""Wrong ones of everybody who serves in a neighbourhood; then it is crowded."""
NUMBERS_IN_CROWD = 3
"""Wrong ones that a person may try where it is crowded: others' guesses don't keep anybody from checking in."""


async def scanned_place(
    code: str, actor: Actor, act: Act, *, timing: Timing, keys: Keys, limits: RateLimits, source: str
) -> ScannedPlace:
    """The location of a code. `source`: where a typed number is counted, see `people.sources`.

    Raises CodeUnknown, in the same words whether there is no such location or the actor has no role where it is; Forbidden when
    their roles there don't allow `act`; RateLimited after too many wrong numbers: the phone keeps the check-in and sends it again.
    """
    typed = isinstance(read(code, keys), Digits)
    taken = await _count(actor, limits=limits, source=source) if typed else []
    try:
        scanned = await read_code(code, neighbourhoods=actor.neighbourhoods(), at=timing.by_server, keys=keys)
    except CodeRefused as refused:
        raise CodeUnknown(**refused.members) from refused
    if not actor.roles(scanned.neighbourhood):
        raise CodeUnknown(verdict=Verdict.UNKNOWN)
    await limits.give_back(taken)
    actor.require(act, scanned.neighbourhood)
    return scanned


async def _count(actor: Actor, *, limits: RateLimits, source: str) -> list[Taken]:
    """Count a typed number as a wrong one; to be given back if it is right. Raises RateLimited."""
    own = await limits.take("code-number", str(actor.person), limit=NUMBERS, per=NUMBERS_PER)
    of_source = await limits.count("code-number:source", source, per=NUMBERS_PER)
    of_places = [
        await limits.count("code-number:neighbourhood", str(place), per=NUMBERS_PER) for place in sorted(actor.neighbourhoods())
    ]
    crowded = of_source.number > NUMBERS_OF_SOURCE or any(place.number > NUMBERS_OF_NEIGHBOURHOOD for place in of_places)
    if crowded and own.number > NUMBERS_IN_CROWD:
        raise RateLimited(retry_after=own.retry_after)
    return [own, of_source, *of_places]


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
