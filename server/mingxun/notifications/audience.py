"""Finding out about the ids in a fact: names, places, what was written, and who holds which role where."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import msgspec

from mingxun.kit.database import fetch, fetch_row, fetch_value
from mingxun.ledger import Fact, RecordedFact
from mingxun.notifications.rules import Place, Scene
from mingxun.people import handlers_of, leaders_of, load_candidate, load_parties, names, planners_of
from mingxun.people.facts import MembershipEnded
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
    places = await fetch("SELECT id, name, plate FROM location WHERE id = ANY($1)", ids)
    areas = await fetch("SELECT id, name FROM area WHERE id = ANY($1)", ids)
    parties = await load_parties(ids)
    about = await _about(fact)
    return Scene(
        at=recorded.at,
        actor=recorded.actor,
        names=await names(ids),
        places={row["id"]: Place(row["name"], row["plate"]) for row in places},
        areas={row["id"]: row["name"] for row in areas},
        title=about.title,
        said=about.said,
        spot=about.spot,
        parties={party: found.name for party, found in parties.items()},
        coordinators=await planners_of(recorded.neighbourhood) if recorded.neighbourhood is not None else frozenset(),
        handlers=await handlers_of(parties),
        leaders=about.leaders,
        ahead=await _ahead(fact, recorded) if isinstance(fact, MembershipEnded) else 0,
    )


async def _ahead(fact: MembershipEnded, recorded: RecordedFact) -> int:
    """How many shifts whoever lost a role has ahead in that neighbourhood; 0 while they have another role there."""
    if fact.neighbourhood is None or await load_candidate(fact.subject, fact.neighbourhood) is not None:
        return 0
    count: int = await fetch_value(
        "SELECT count(*) FROM assignment WHERE person = $1 AND neighbourhood = $2 AND state = 'active' AND ends_at > $3",
        fact.subject,
        fact.neighbourhood,
        recorded.at,
    )
    return count


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
        """SELECT t.what, coalesce((SELECT note FROM ticket_event e WHERE e.ticket = t.id AND e.version = $2), '') AS said,
                  a.id AS area, concat_ws(' ', l.name, CASE WHEN l.id IS NULL AND a.kind <> 'neighbourhood' THEN a.name END,
                                          nullif(t.whereabouts, '')) AS spot
           FROM ticket t
           LEFT JOIN location l ON l.id = t.location
           LEFT JOIN area a ON a.id = coalesce(l.area, t.area)
           WHERE t.id = $1""",
        fact.subject,
        0 if isinstance(fact, TicketOverdue) else fact.step,
    )
    if row is None:
        return _About()
    leaders = await leaders_of(row["area"]) if row["area"] is not None else frozenset[UUID]()
    return _About(title=row["what"], said=row["said"], spot=row["spot"], leaders=leaders)
