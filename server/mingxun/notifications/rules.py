"""Who is told what of a fact: decisions only.

`ANNOUNCED` has a function for each kind of fact, `SILENT` a reason for each kind that nobody is told of. A test holds that every
kind of fact is in exactly one of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from mingxun.areas.facts import AreaCreated
from mingxun.checkins.facts import CheckedIn, CheckedOut, ScanFlagged, ScannedAgain, StayClosed, Vouched
from mingxun.checkins.schemas import Direction, Flag
from mingxun.ledger import Fact
from mingxun.people.facts import (
    AccountDisabled,
    AccountEnabled,
    InvitationAccepted,
    InvitationCreated,
    InvitationRevoked,
    MembershipEnded,
    MembershipGiven,
    PartyCreated,
    PasswordChanged,
    PersonChanged,
    PersonViewed,
    RosterImported,
    SessionEnded,
    SignedIn,
)
from mingxun.places.facts import LocationChanged, LocationCreated, LocationRekeyed
from mingxun.shifts.facts import Assigned, Duty, ShiftCancelled, ShiftChanged, ShiftCreated, SignedUp, Unassigned, Withdrew
from mingxun.tickets.facts import (
    TicketClaimed,
    TicketDeclined,
    TicketFact,
    TicketHandedOver,
    TicketOpened,
    TicketOverdue,
    TicketReopened,
    TicketResolved,
    TicketVerified,
)

# What is known about a fact


@dataclass(frozen=True, slots=True)
class Place:
    """A location as people find it."""

    name: str
    plate: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What `announcing` found about the ids in a fact. Whoever was not found is missing in the mappings."""

    at: datetime
    """When the fact happened."""
    actor: UUID | None
    names: Mapping[UUID, str] = field(default_factory=dict)
    places: Mapping[UUID, Place] = field(default_factory=dict)
    areas: Mapping[UUID, str] = field(default_factory=dict)
    """Names of areas."""
    title: str = ""
    """What the shift is called, or what the ticket is about. Like `said` as the features' own tables have it: a fact has no texts."""
    said: str = ""
    """What whoever did it wrote with it: why a shift was cancelled, or a ticket declined, handed over or reopened."""
    spot: str = ""
    """Where a ticket is: location, building or words; empty for the whole neighbourhood."""
    parties: Mapping[UUID, str] = field(default_factory=dict)
    """Names of responsible parties."""
    coordinators: frozenset[UUID] = frozenset()
    """Coordinators and secretaries of the neighbourhood; where there are none, the administrators of the subdistrict."""
    handlers: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    """Who acts for each party."""
    ahead: int = 0
    """How many shifts somebody still has ahead in a neighbourhood in which they have no role any more."""
    leaders: frozenset[UUID] = frozenset()
    """Building leaders whose building or grid the ticket is in."""

    def name(self, person: UUID | None) -> str:
        return self.names.get(person, "") if person is not None else ""

    def place(self, location: UUID) -> Place:
        return self.places.get(location, Place("", ""))

    def handlers_of(self, party: UUID | None) -> frozenset[UUID]:
        """Who is to be told for a party: its handlers; coordinators where it has none, or nobody is in charge."""
        found = self.handlers.get(party, frozenset()) if party is not None else frozenset()
        return found or self.coordinators


# What is said


class Manner(StrEnum):
    """How a message reaches a person, beside the inbox."""

    PUSH = "push"
    """Their phone rings."""
    INBOX = "inbox"
    """It waits, unread, until they look."""
    RECEIPT = "receipt"
    """It is there, read already, for whoever looks it up: they did it themselves."""


class Urgency(StrEnum):
    """RFC 8030, section 5.3: whether a phone that saves its battery should be woken."""

    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Post:
    """How a kind of message is pushed."""

    ttl: timedelta = timedelta(days=1)
    """How long it is worth delivering; the push service drops it after that."""
    urgency: Urgency = Urgency.NORMAL


POSTS: Mapping[str, Post] = {
    "shift_cancelled": Post(urgency=Urgency.HIGH),
    "shift_moved": Post(urgency=Urgency.HIGH),
    "shift_relocated": Post(urgency=Urgency.HIGH),
    "ticket_opened_urgent": Post(timedelta(days=2), Urgency.HIGH),
    "ticket_opened": Post(timedelta(days=3)),
    "ticket_handed_over": Post(timedelta(days=3)),
    "ticket_claimed": Post(timedelta(days=3)),
    "ticket_declined": Post(timedelta(days=3)),
    "ticket_resolved": Post(timedelta(days=3)),
    "ticket_verified": Post(timedelta(days=3)),
    "ticket_reopened": Post(timedelta(days=3)),
    "ticket_unassigned": Post(timedelta(days=3)),
    "ticket_overdue_claim": Post(timedelta(days=2), Urgency.HIGH),
    "ticket_overdue_resolve": Post(timedelta(days=2), Urgency.HIGH),
    "push_test": Post(timedelta(minutes=10), Urgency.HIGH),
}
"""Whatever is not here: a day, normal urgency."""


FOR_THE_OFFICE = frozenset({"signed_up", "withdrew", "check_in_flagged", "roster_imported", "invitation_accepted"})
"""Kinds that tell coordinators what others did: nobody has to be called because they did not read one."""


def post_of(kind: str) -> Post:
    """How messages of `kind` are pushed."""
    return POSTS.get(kind, Post())


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is worded: `params` fill the sentence of its kind, in any language."""

    person: UUID
    kind: str
    path: str
    manner: Manner
    params: Mapping[str, Any] = field(default_factory=dict)


def _each(people: Iterable[UUID], kind: str, path: str, manner: Manner, **params: Any) -> Iterator[Draft]:
    for person in sorted(set(people)):
        yield Draft(person, kind, path, manner, params)


def _duty(duty: Duty, scene: Scene) -> dict[str, Any]:
    place = scene.place(duty.location)
    return {"title": scene.title, "starts_at": duty.starts_at, "ends_at": duty.ends_at, "place": place.name, "plate": place.plate}


def _shift(shift: UUID) -> str:
    return f"/shifts/{shift}"


# Shifts


def _placed(fact: Assigned | Unassigned, scene: Scene) -> Iterator[Draft]:
    """A phone rings for what is to come; of a shift that is over, only what the record says now can be told."""
    kind = "assigned" if isinstance(fact, Assigned) else "unassigned"
    kind, manner = (f"{kind}_afterwards", Manner.INBOX) if fact.duty.ends_at <= scene.at else (kind, Manner.PUSH)
    params = {**_duty(fact.duty, scene), "by": scene.name(scene.actor)}
    yield Draft(fact.person, kind, _shift(fact.subject), manner, params)


def _shift_changed(fact: ShiftChanged, scene: Scene) -> Iterator[Draft]:
    """Everyone on it; the phone rings unless their place and time stay as they were."""
    params = _duty(fact.after, scene) | {"was_" + key: value for key, value in _duty(fact.before, scene).items()}
    for one in fact.affected:
        manner = Manner.INBOX if one.effect == "informed" else Manner.PUSH
        yield Draft(one.person, f"shift_{one.effect}", _shift(fact.subject), manner, params)


def _shift_cancelled(fact: ShiftCancelled, scene: Scene) -> Iterator[Draft]:
    params = {**_duty(fact.duty, scene), "reason": scene.said, "by": scene.name(scene.actor)}
    yield from _each(fact.persons, "shift_cancelled", _shift(fact.subject), Manner.PUSH, **params)


def _signed_up(fact: SignedUp, scene: Scene) -> Iterator[Draft]:
    params = {**_duty(fact.duty, scene), "name": scene.name(fact.person)}
    yield from _each(scene.coordinators, "signed_up", _shift(fact.subject), Manner.INBOX, **params)


SHORT_NOTICE = timedelta(hours=24)
"""Who withdraws later than this leaves a place that somebody must fill by telephone."""


def _withdrew(fact: Withdrew, scene: Scene) -> Iterator[Draft]:
    manner = Manner.PUSH if fact.duty.starts_at - scene.at <= SHORT_NOTICE else Manner.INBOX
    params = {**_duty(fact.duty, scene), "name": scene.name(fact.person)}
    yield from _each(scene.coordinators | {fact.duty.made_by}, "withdrew", _shift(fact.subject), manner, **params)


# Presence

_TO_LOOK_AT = frozenset({Flag.OUTSIDE, Flag.SHARED_DEVICE, Flag.IMPOSSIBLE_TRAVEL, Flag.CLOCK_OFF, Flag.STALE_CODE})
"""Flags that a coordinator may want to ask about. A late upload, an unplanned round and an odd hour explain themselves."""


def _checked_in(fact: CheckedIn, scene: Scene) -> Iterator[Draft]:
    place = scene.place(fact.location)
    params = {"place": place.name, "plate": place.plate, "at": fact.at, "name": scene.name(fact.person)}
    yield Draft(fact.person, "checked_in", "/", Manner.RECEIPT, params)
    if flags := [flag.value for flag in fact.flags if flag in _TO_LOOK_AT]:
        others = scene.coordinators - {fact.person}
        yield from _each(others, "check_in_flagged", "/now", Manner.INBOX, **params, flags=flags)


def _checked_out(fact: CheckedOut, scene: Scene) -> Iterator[Draft]:
    place = scene.place(fact.location)
    yield Draft(fact.person, "checked_out", "/", Manner.RECEIPT, {"place": place.name, "plate": place.plate, "at": fact.at})


def _vouched(fact: Vouched, scene: Scene) -> Iterator[Draft]:
    place = scene.place(fact.location)
    kind = "vouched_in" if fact.direction is Direction.IN else "vouched_out"
    params = {"place": place.name, "plate": place.plate, "at": fact.at, "by": scene.name(fact.vouched_by)}
    yield Draft(fact.person, kind, "/", Manner.PUSH, params)


def _stay_closed(fact: StayClosed, scene: Scene) -> Iterator[Draft]:
    place = scene.place(fact.location)
    params = {"place": place.name, "plate": place.plate, "at": fact.left_at}
    yield Draft(fact.person, "stay_assumed" if fact.assumed else "stay_closed", "/", Manner.INBOX, params)


# Tickets


def _ticket(fact: TicketFact, scene: Scene) -> dict[str, Any]:
    return {
        "number": fact.number,
        "what": scene.title,
        "category": fact.category.value,
        "spot": scene.spot,
        "party": scene.parties.get(fact.party, "") if fact.party is not None else "",
        "name": scene.name(scene.actor),
    }


def _ticket_path(fact: TicketFact) -> str:
    return f"/tickets/{fact.subject}"


def _ticket_opened(fact: TicketOpened, scene: Scene) -> Iterator[Draft]:
    """Those who mend it; with nobody in charge, coordinators, who must find somebody."""
    kind = "ticket_opened_urgent" if fact.urgency == "urgent" else "ticket_opened"
    if fact.party is None:
        kind = "ticket_unassigned"
    yield from _each(scene.handlers_of(fact.party), kind, _ticket_path(fact), Manner.PUSH, **_ticket(fact, scene))


def _ticket_handed_over(fact: TicketHandedOver, scene: Scene) -> Iterator[Draft]:
    params = _ticket(fact, scene) | {"reason": scene.said}
    yield from _each(scene.handlers_of(fact.party), "ticket_handed_over", _ticket_path(fact), Manner.PUSH, **params)


def _ticket_claimed(fact: TicketClaimed, scene: Scene) -> Iterator[Draft]:
    yield Draft(fact.opened_by, "ticket_claimed", _ticket_path(fact), Manner.PUSH, _ticket(fact, scene))


def _ticket_declined(fact: TicketDeclined, scene: Scene) -> Iterator[Draft]:
    params = _ticket(fact, scene) | {"reason": scene.said}
    yield from _each(scene.coordinators, "ticket_declined", _ticket_path(fact), Manner.PUSH, **params)


def _ticket_resolved(fact: TicketResolved, scene: Scene) -> Iterator[Draft]:
    """Who reported it and the leaders next door are asked to go and look; coordinators see it in their inbox."""
    params = _ticket(fact, scene)
    yield from _each({fact.opened_by} | scene.leaders, "ticket_resolved", _ticket_path(fact), Manner.PUSH, **params)
    yield from _each(scene.coordinators, "ticket_resolved", _ticket_path(fact), Manner.INBOX, **params)


def _ticket_verified(fact: TicketVerified, scene: Scene) -> Iterator[Draft]:
    told = scene.handlers.get(fact.party, frozenset()) if fact.party is not None else frozenset()
    yield from _each(told | {fact.opened_by}, "ticket_verified", _ticket_path(fact), Manner.PUSH, **_ticket(fact, scene))


def _ticket_reopened(fact: TicketReopened, scene: Scene) -> Iterator[Draft]:
    params = _ticket(fact, scene) | {"reason": scene.said}
    yield from _each(scene.handlers_of(fact.party), "ticket_reopened", _ticket_path(fact), Manner.PUSH, **params)


def _ticket_overdue(fact: TicketOverdue, scene: Scene) -> Iterator[Draft]:
    told = scene.handlers_of(fact.party) | scene.coordinators
    yield from _each(told, f"ticket_overdue_{fact.deadline}", _ticket_path(fact), Manner.PUSH, **_ticket(fact, scene))


# People


def _roster_imported(fact: RosterImported, scene: Scene) -> Iterator[Draft]:
    params = {"name": scene.name(scene.actor), "added": fact.added, "changed": fact.changed}
    yield from _each(scene.coordinators, "roster_imported", "/people", Manner.INBOX, **params)


def _invitation_accepted(fact: InvitationAccepted, scene: Scene) -> Iterator[Draft]:
    if fact.made_by is not None:
        params = {"name": scene.name(fact.person), "role": fact.role.value, "area": scene.areas.get(fact.area, "")}
        yield Draft(fact.made_by, "invitation_accepted", "/people", Manner.INBOX, params)


def _membership_given(fact: MembershipGiven, scene: Scene) -> Iterator[Draft]:
    params = {"role": fact.role.value, "area": scene.areas.get(fact.area, "")}
    yield Draft(fact.subject, "role_given", "/me", Manner.INBOX, params)


def _membership_ended(fact: MembershipEnded, scene: Scene) -> Iterator[Draft]:
    params = {"role": fact.role.value, "area": scene.areas.get(fact.area, "")}
    yield Draft(fact.subject, "role_ended", "/me", Manner.INBOX, params)
    if scene.ahead:
        others = scene.coordinators - {fact.subject}
        said = {**params, "name": scene.name(fact.subject), "count": str(scene.ahead)}
        yield from _each(others, "role_ended_ahead", f"/people/{fact.subject}", Manner.INBOX, **said)


Rule = Callable[[Any, Scene], Iterator[Draft]]

ANNOUNCED: Mapping[type[Fact], Rule] = {
    Assigned: _placed,
    Unassigned: _placed,
    ShiftChanged: _shift_changed,
    ShiftCancelled: _shift_cancelled,
    SignedUp: _signed_up,
    Withdrew: _withdrew,
    CheckedIn: _checked_in,
    CheckedOut: _checked_out,
    Vouched: _vouched,
    StayClosed: _stay_closed,
    TicketOpened: _ticket_opened,
    TicketHandedOver: _ticket_handed_over,
    TicketClaimed: _ticket_claimed,
    TicketDeclined: _ticket_declined,
    TicketResolved: _ticket_resolved,
    TicketVerified: _ticket_verified,
    TicketReopened: _ticket_reopened,
    TicketOverdue: _ticket_overdue,
    RosterImported: _roster_imported,
    InvitationAccepted: _invitation_accepted,
    MembershipGiven: _membership_given,
    MembershipEnded: _membership_ended,
}

SILENT: Mapping[type[Fact], str] = {
    AreaCreated: "a building or grid more changes nobody's day",
    LocationCreated: "whoever needs a location meets it in a shift or on its poster",
    LocationChanged: "a shift shows its location as it is now",
    LocationRekeyed: "whoever replaced the poster hangs it up, too",
    ShiftCreated: "open shifts stand in the list; a phone that rings for each is soon silenced",
    ScannedAgain: "the first scan had its receipt",
    ScanFlagged: "of two scans that are odd together, the one delivered last is the one that coordinators are told of",
    SignedIn: "whoever signs in sees it; the list of sessions shows it to their other devices",
    SessionEnded: "whoever signed out sees it",
    PasswordChanged: "whoever changed it sees it, and no other device of theirs is signed in any more",
    AccountDisabled: "nobody is signed in to that account any more",
    AccountEnabled: "whoever was shut out was told in person why; they sign in anew",
    InvitationCreated: "the invited has no account yet: the link is handed over by hand",
    InvitationRevoked: "the invited has no account yet; whoever opens the link is told",
    PersonChanged: "whoever changed it sees it",
    PersonViewed: "it is on record for whoever asks; a message at every look would only alarm",
    PartyCreated: "it shows in the list of parties when a ticket is handed over",
}


def drafts(fact: Fact, scene: Scene) -> list[Draft]:
    """Who is told what of `fact`, at most one message of a kind to a person. Nobody is told of what they did themselves,
    but for receipts. Unknown kinds tell nobody."""
    rule = ANNOUNCED.get(type(fact))
    if rule is None:
        return []
    found: dict[tuple[UUID, str], Draft] = {}
    for draft in rule(fact, scene):
        if draft.person != scene.actor or draft.manner is Manner.RECEIPT:
            found.setdefault((draft.person, draft.kind), draft)
    return list(found.values())
