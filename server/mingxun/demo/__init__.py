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
from mingxun.people.sign_in_links import make_link

__all__ = ["Invited", "make_demonstration", "welcome_guests"]


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


async def welcome_guests(settings: Settings) -> list[Invited]:
    """One person for each role, with a link that signs in once where the installation is for its own machine only.

    Number and link's token stand in the fragment, which no server sees. Whatever links there were before are over.
    """
    clock = SystemClock()
    found = []
    async with transaction():
        for guest in GUESTS:
            person = await fetch_value(
                """SELECT a.person FROM account a JOIN person p ON p.id = a.person
                   WHERE a.phone = $1 AND p.name = $2 AND a.disabled_at IS NULL""",
                f"+86{guest.phone}",
                guest.name,
            )
            token = await make_link(person, settings=settings, now=clock.now()) if person and settings.local else None
            found.append(
                Invited(
                    title=guest.title,
                    name=guest.name,
                    phone=guest.phone,
                    password=PASSWORD,
                    url=f"{settings.public_url.rstrip('/')}/sign-in#{guest.phone}{f'.{token}' if token else ''}",
                )
            )
    return found
