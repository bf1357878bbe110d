"""A story told through the services, as people would have lived it: each step at its instant, in the order of time."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from mingxun.areas import AreaRow
from mingxun.kit.database import fetch
from mingxun.kit.ids import new_id
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.people import Actor, ActorMembership, Language, Role
from mingxun.places import Location

Step = Callable[[], Awaitable[object]]


class StoryClock:
    """Shows the instant at which the story is."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Story:
    """Where it plays, who is in it, and what is still to happen."""

    settings: Settings
    keys: Keys
    now: datetime
    """The real instant (UTC): what happens before it is past, the rest is planned."""
    clock: StoryClock
    neighbourhood: AreaRow
    people: dict[str, UUID] = field(default_factory=dict)
    parties: dict[str, UUID] = field(default_factory=dict)
    buildings: dict[int, AreaRow] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(8321))  # noqa: S311 - the same story every time
    _steps: list[tuple[datetime, int, Step]] = field(default_factory=list)

    @property
    def limits(self) -> RateLimits:
        return RateLimits(self.clock)

    def on(self, day: int, clock: str) -> datetime:
        """The instant of a local time, `day` days from today."""
        zone = self.settings.timezone
        local = self.now.astimezone(zone).date() + timedelta(days=day)
        return datetime.combine(local, time.fromisoformat(clock), zone).astimezone(UTC)

    def ago(self, **span: float) -> datetime:
        return self.now - timedelta(**span)

    def then(self, at: datetime, step: Step) -> None:
        """Have `step` happen at `at`, unless that is still to come: nobody has lived it yet."""
        if at <= self.now:
            self._steps.append((at, len(self._steps), step))

    async def tell(self) -> None:
        """Let everything happen, in the order of time; a step may add later ones."""
        while self._steps:
            self._steps.sort(key=lambda each: each[:2])
            at, _, step = self._steps.pop(0)
            self.clock.at = max(self.clock.at, at)
            await step()

    async def actor(self, name: str) -> Actor:
        """Somebody, with the roles they hold at this point of the story."""
        rows = await fetch(
            """SELECT m.id, m.role, m.area, m.party, a.path, m.neighbourhood FROM membership m JOIN area a ON a.id = m.area
               WHERE m.person = $1 AND m.ended_at IS NULL""",
            self.people[name],
        )
        return Actor(
            person=self.people[name],
            session=new_id(),
            language=Language.ZH,
            memberships=tuple(
                ActorMembership(
                    id=row["id"],
                    role=Role(row["role"]),
                    area=row["area"],
                    path=tuple(row["path"]),
                    party=row["party"],
                    neighbourhoods=frozenset({row["neighbourhood"] or self.neighbourhood.id}),
                )
                for row in rows
            ),
        )
