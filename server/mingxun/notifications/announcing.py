"""From a fact to messages: written, hinted at and enqueued for pushing in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from mingxun.kit.database import execute, fetch
from mingxun.kit.ids import new_id
from mingxun.kit.jobs import NewJob, enqueue_all
from mingxun.ledger import FactId, fact_kinds, load_fact
from mingxun.ledger.service import HINTS
from mingxun.notifications.audience import load_scene
from mingxun.notifications.rules import Draft, Manner, Urgency, drafts, post_of
from mingxun.notifications.schemas import DeliveryState
from mingxun.notifications.words import Sentence, word
from mingxun.people import Language, languages, live_sessions

BATCH = 100
"""Deliveries of one job: enough to share its two transactions, few enough to be soon done again when its worker dies."""


class UnknownFact(Exception):
    """A fact of a kind that this version does not know: a newer one recorded it, while old workers still run."""


async def announce(fact_id: FactId, *, now: datetime, zone: ZoneInfo) -> int:
    """Tell people of a fact; how many messages were new. Doing it again tells nobody again.

    Inserts with the lock of `message_once`, so two workers with the same fact take turns. Raises UnknownFact, so that the job comes
    back until a worker of the newer version has it.
    """
    recorded = await load_fact(fact_id)
    if recorded is None:
        return 0
    kind = fact_kinds().get(recorded.kind)
    if kind is None:
        raise UnknownFact(recorded.kind)
    fact = msgspec.json.decode(recorded.data, type=kind)
    found = drafts(fact, await load_scene(fact, recorded))
    return len(await write(found, fact=recorded.id, neighbourhood=recorded.neighbourhood, now=now, zone=zone))


async def write(
    found: Sequence[Draft], *, fact: FactId | None, neighbourhood: UUID | None, now: datetime, zone: ZoneInfo
) -> list[UUID]:
    """Write messages into their inboxes and enqueue their pushes; the ids of those that were not there yet."""
    if not found:
        return []
    people = list({draft.person for draft in found})
    spoken = await languages(people)
    wanted = [draft for draft in found if draft.person in spoken]
    phones = await phones_of({draft.person for draft in wanted if draft.manner is Manner.PUSH}, now=now)
    drafted = {new_id(): draft for draft in wanted}
    say = _Speaker(zone)
    messages = []
    for key, draft in drafted.items():
        title, body = say(draft, spoken[draft.person])
        messages.append(
            _NewMessage(
                id=key,
                person=draft.person,
                kind=draft.kind,
                language=spoken[draft.person],
                title=title,
                body=body,
                path=draft.path,
                read=draft.manner is Manner.RECEIPT,
                push=_first_state(draft, phones),
            )
        )
    rows = await fetch(
        """INSERT INTO message (id, neighbourhood, person, fact, kind, language, title, body, path, at, read_at, push)
           SELECT m.id, $1, m.person, $2, m.kind, m.language, m.title, m.body, m.path, $3::timestamptz,
                  CASE WHEN m.read THEN $3::timestamptz END, m.push
           FROM json_to_recordset($4::json) AS m (id uuid, person uuid, kind text, language text, title text, body text, path text,
                                                  read bool, push text)
           ON CONFLICT ON CONSTRAINT message_once DO NOTHING
           RETURNING id, person""",
        neighbourhood,
        fact,
        now,
        msgspec.json.encode(messages).decode(),  # one text: arrays cost asyncpg four times as much
    )
    written = [row["id"] for row in rows]
    await _hint({row["id"]: row["person"] for row in rows})
    await _dispatch({key: drafted[key] for key in written}, phones, neighbourhood=neighbourhood, now=now)
    return written


class _NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A row on its way into the table."""

    id: UUID
    person: UUID
    kind: str
    language: Language
    title: str
    body: str
    path: str
    read: bool
    push: DeliveryState


class _Speaker:
    """Words drafts; those to many people, which share their parameters, once for each language."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._said: dict[tuple[int, str, Language], Sentence] = {}

    def __call__(self, draft: Draft, language: Language) -> Sentence:
        key = (id(draft.params), draft.kind, language)
        if key not in self._said:
            self._said[key] = word(draft.kind, draft.params, language=language, zone=self._zone)
        return self._said[key]


def _first_state(draft: Draft, phones: dict[UUID, list[UUID]]) -> DeliveryState:
    if draft.manner is not Manner.PUSH:
        return DeliveryState.INBOX_ONLY
    return DeliveryState.WAITING if draft.person in phones else DeliveryState.NO_CHANNEL


async def phones_of(people: Iterable[UUID], *, now: datetime) -> dict[UUID, list[UUID]]:
    """The subscriptions of each person that can be sent to: those of their browsers in which they are signed in. Left out: who has
    none."""
    rows = await fetch(
        "SELECT id, person, session FROM push_subscription WHERE person = ANY($1) AND retired_at IS NULL", list(people)
    )
    live = await live_sessions([row["session"] for row in rows if row["session"] is not None], now=now)
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        if live.get(row["session"]) == row["person"]:
            found[row["person"]].append(row["id"])
    return dict(found)


async def _hint(messages: dict[UUID, UUID]) -> None:
    """`ledger.hint` for many people in one statement: their open apps fetch the inbox anew."""
    await execute(
        """SELECT pg_notify($2, json_build_object('person', h.person, 'topic', 'message', 'id', h.id)::text)
           FROM json_each_text($1::json) AS h (id, person)""",
        msgspec.json.encode(messages).decode(),
        HINTS,
    )


async def _dispatch(
    messages: dict[UUID, Draft], phones: dict[UUID, list[UUID]], *, neighbourhood: UUID | None, now: datetime
) -> None:
    """Make a delivery for each message and phone, and jobs of `BATCH` deliveries each."""
    pairs = [
        (new_id(), message, phone, post_of(draft.kind).urgency)
        for message, draft in messages.items()
        if draft.manner is Manner.PUSH
        for phone in phones.get(draft.person, ())
    ]
    if not pairs:
        return
    await execute(
        """INSERT INTO delivery (id, neighbourhood, message, subscription, state, attempts, at)
           SELECT (d.value ->> 0)::uuid, $1, (d.value ->> 1)::uuid, (d.value ->> 2)::uuid, 'waiting', 0, $2
           FROM json_array_elements($3::json) AS d""",
        neighbourhood,
        now,
        msgspec.json.encode([pair[:3] for pair in pairs]).decode(),
    )
    await enqueue_all(
        NewJob("push", b"".join(one.bytes for one in batch), priority=int(urgency is Urgency.HIGH))
        for urgency in Urgency
        for batch in batches([delivery for delivery, _, _, how in pairs if how is urgency])
    )


def batches(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    """Cut into pieces of `BATCH`."""
    return [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
