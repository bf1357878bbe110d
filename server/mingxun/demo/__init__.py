"""A demonstration neighbourhood with a week of life in it, made through the services, so that every fact, receipt and deadline
is what it would be in earnest. Dates are relative to the day on which it is made."""

from dataclasses import dataclass
from datetime import UTC, datetime

from mingxun.demo.issues import find_issues
from mingxun.demo.residents import GUESTS, PASSWORD
from mingxun.demo.setting_up import NEIGHBOURHOOD, SUBDISTRICT, set_up
from mingxun.demo.week import plan_week
from mingxun.kit.clock import SystemClock
from mingxun.kit.database import execute, fetch_value, transaction
from mingxun.kit.settings import Settings
from mingxun.kit.signing import load_or_make

__all__ = ["Invited", "guests", "make_demonstration"]


async def make_demonstration(settings: Settings, *, now: datetime | None = None) -> bool:
    """Make it, all or nothing; False, and nothing done, when it is there. Needs an open pool. Takes some seconds.

    Processes that do this at once take turns.
    """
    async with transaction():
        await execute("SELECT pg_advisory_xact_lock(hashtextextended('mingxun demonstration', 0))")
        there = await fetch_value(
            """SELECT EXISTS (SELECT FROM area n JOIN area s ON s.id = n.parent
                              WHERE n.name = $1 AND n.kind = 'neighbourhood' AND s.name = $2)""",
            NEIGHBOURHOOD,
            SUBDISTRICT,
        )
        if there:
            return False
        story = await set_up(settings, load_or_make(settings.data_dir), now or SystemClock().now().astimezone(UTC))
        plan_week(story)
        find_issues(story)
        await story.tell()
        return True


@dataclass(frozen=True, slots=True)
class Invited:
    """As whom a visitor may sign in, and where."""

    title: str
    name: str
    phone: str
    password: str
    url: str


def guests(settings: Settings) -> list[Invited]:
    """One person for each role. The number stands in the link's fragment, which no server sees; the password is typed."""
    return [
        Invited(
            title=guest.title,
            name=guest.name,
            phone=guest.phone,
            password=PASSWORD,
            url=f"{settings.public_url.rstrip('/')}/sign-in#{guest.phone}",
        )
        for guest in GUESTS
    ]
