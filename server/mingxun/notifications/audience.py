"""Finding out about the ids in a fact: names, places, what was written, and who holds which role where."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import msgspec

from mingxun.kit.database import fetch, fetch_row
from mingxun.ledger import Fact, RecordedFact
from mingxun.notifications.rules import Place, Scene
from mingxun.people.access import Role
from mingxun.shifts.facts import ShiftFact
from mingxun.tickets.facts import TicketFact, TicketOverdue


def ids_in(value: object) -> Iterator[UUID]:
    """Every id in a fact, however deep."""
    if isinstance(value, UUID):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from ids_in(getattr(value, name))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from ids_in(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from ids_in(one)


async def load_scene(fact: Fact, recorded: RecordedFact) -> Scene:
    """All that the rules may want to know about `fact`. Reads only."""
    ids = list({*ids_in(fact), *([recorded.actor] if recorded.actor else [])})
    names = await fetch("SELECT id, name FROM person WHERE id = ANY($1)", ids)
    places = await fetch("SELECT id, name, plate FROM location WHERE id = ANY($1)", ids)
    parties = await fetch("SELECT id, name FROM party WHERE id = ANY($1)", ids)
    areas = await fetch("SELECT id, name FROM area WHERE id = ANY($1)", ids)
    about = await _about(fact)
    return Scene(
        at=recorded.at,
        actor=recorded.actor,
        names={row["id"]: row["name"] for row in names},
        places={row["id"]: Place(row["name"], row["plate"]) for row in places},
        areas={row["id"]: row["name"] for row in areas},
        title=about.title,
        said=about.said,
        spot=about.spot,
        parties={row["id"]: row["name"] for row in parties},
        coordinators=await _coordinators(recorded.neighbourhood),
        handlers=await _handlers(row["id"] for row in parties),
        leaders=about.leaders,
    )


async def _coordinators(neighbourhood: UUID | None) -> frozenset[UUID]:
    """Coordinators and secretaries who can sign in."""
    rows = await fetch(
        """SELECT DISTINCT m.person FROM membership m JOIN account a ON a.person = m.person AND a.disabled_at IS NULL
           WHERE m.neighbourhood = $1 AND m.role = ANY($2) AND m.ended_at IS NULL""",
        neighbourhood,
        [Role.COORDINATOR.value, Role.SECRETARY.value],
    )
    return frozenset(row["person"] for row in rows)


async def _handlers(parties: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Who acts for each party and can sign in."""
    rows = await fetch(
        """SELECT m.party, array_agg(DISTINCT m.person) AS people
           FROM membership m JOIN account a ON a.person = m.person AND a.disabled_at IS NULL
           WHERE m.party = ANY($1) AND m.ended_at IS NULL GROUP BY m.party""",
        list(parties),
    )
    return {row["party"]: frozenset(row["people"]) for row in rows}


@dataclass(frozen=True, slots=True)
class _About:
    """What a shift or a ticket itself says; see `Scene`."""

    title: str = ""
    said: str = ""
    spot: str = ""
    leaders: frozenset[UUID] = frozenset()


async def _about(fact: Fact) -> _About:
    """Of a shift or ticket that is not there any more, nothing is known."""
    if isinstance(fact, ShiftFact):
        row = await fetch_row("SELECT title, coalesce(cancel_reason, '') AS said FROM shift WHERE id = $1", fact.subject)
        return _About() if row is None else _About(title=row["title"], said=row["said"])
    return await _about_ticket(fact) if isinstance(fact, TicketFact) else _About()


async def _about_ticket(fact: TicketFact) -> _About:
    """With where the ticket is, in words, and the leaders of that building."""
    row = await fetch_row(
        """SELECT t.what, coalesce((SELECT note FROM ticket_event e WHERE e.ticket = t.id AND e.version = $3), '') AS said,
                  concat_ws(' ', l.name, CASE WHEN l.id IS NULL AND a.kind <> 'neighbourhood' THEN a.name END,
                            nullif(t.whereabouts, '')) AS spot,
                  ARRAY(SELECT DISTINCT m.person FROM membership m
                        JOIN account ac ON ac.person = m.person AND ac.disabled_at IS NULL
                        WHERE m.neighbourhood = t.neighbourhood AND m.role = $2 AND m.ended_at IS NULL AND m.area = ANY(a.path)
                  ) AS leaders
           FROM ticket t
           LEFT JOIN location l ON l.id = t.location
           LEFT JOIN area a ON a.id = coalesce(l.area, t.area)
           WHERE t.id = $1""",
        fact.subject,
        Role.BUILDING_LEADER.value,
        0 if isinstance(fact, TicketOverdue) else fact.step,
    )
    if row is None:
        return _About()
    return _About(title=row["what"], said=row["said"], spot=row["spot"], leaders=frozenset(row["leaders"]))
