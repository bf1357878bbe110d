"""Live updates: one connection a process listens for hints and hands them to the open apps they concern.

A hint says only that something changed; whoever gets one, or reconnects, fetches anew. So losing hints does no harm, and after a
restart of the database, or when an app can't keep up, all it takes is to say “anything may have changed”.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import msgspec
import structlog

from mingxun.ledger.service import HINTS
from mingxun.notifications.schemas import Hint
from mingxun.people.access import Actor

logger = structlog.get_logger(__name__)

HEARTBEAT = 20.0
"""Seconds between comments on a silent stream: proxies cut what is silent for longer."""
RECHECK = 0.7
"""Seconds between looks at whether the sessions of open streams still live, with the roles they had: whatever ended is silent within
a second."""
LONGEST = 600.0
"""Seconds after which a stream ends, for the app to come back with the roles that it has by then."""
MOST_WAITING = 64
"""Hints that wait for one app; beyond that it is told to fetch everything."""
MOST_STREAMS = 6
"""Open streams of one session; browsers allow about as many. The oldest gives way."""
_PAUSES = (0.2, 0.5, 1.0)
"""Seconds between tries to reach the database; the last one for ever."""

ANYTHING = b"event: hint\ndata: " + msgspec.json.encode(Hint(kind=None, subject=None, neighbourhood=None)) + b"\n\n"
"""Anything may have changed."""
_BEAT = b": still here\n\n"
_GREETING = b"retry: 3000\n: connected\n\n"


class _Sent(msgspec.Struct, frozen=True):
    """What `ledger` sends."""

    topic: str
    id: UUID
    neighbourhood: UUID | None = None
    person: UUID | None = None


class _Stream:
    """One open app."""

    def __init__(self, actor: Actor) -> None:
        self.session = actor.session
        self.person = actor.person
        self.neighbourhoods = actor.neighbourhoods()
        self._waiting: list[bytes] = []
        self._wake = asyncio.Event()
        self.closed = False

    def put(self, event: bytes) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting = [ANYTHING]
        elif event not in self._waiting:
            self._waiting.append(event)
        self._wake.set()

    def close(self) -> None:
        self.closed = True
        self._wake.set()

    async def take(self, seconds: float) -> bytes | None:
        """What waits; a heartbeat when nothing came for so long; None when closed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()
        if self.closed:
            return None
        waiting, self._waiting = b"".join(self._waiting), []
        return waiting or _BEAT


class HintListener:
    """Listens for this process. `start` and `stop` belong into the app's lifespan."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        # Keys of dicts, and not sets: these keep the order in which the streams were opened.
        self._streams: dict[_Stream, None] = {}
        self._by_person: defaultdict[UUID, dict[_Stream, None]] = defaultdict(dict)
        self._by_neighbourhood: defaultdict[UUID, dict[_Stream, None]] = defaultdict(dict)
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self.listening = asyncio.Event()
        """Set while hints arrive."""

    async def start(self) -> None:
        """Begin to listen; returns at once, whether or not the database can be reached yet."""
        self._task = asyncio.create_task(self._run())

    def close_streams(self) -> None:
        """End all streams, and those that come yet, at once: this process is about to stop. The apps come back to another one."""
        self._closing = True
        for stream in list(self._streams):
            stream.close()

    async def stop(self) -> None:
        """Close all streams and stop listening."""
        self.close_streams()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def stream(self, actor: Actor) -> AsyncIterator[bytes]:
        """Server-sent events for one app, until it goes, its session ends or ten minutes are over."""
        mine = _Stream(actor)
        self._admit(mine)
        loop = asyncio.get_running_loop()
        end = loop.time() + LONGEST
        try:
            yield _GREETING
            while (
                not self._closing
                and (left := end - loop.time()) > 0
                and (event := await mine.take(min(HEARTBEAT, left))) is not None
            ):
                yield event
        finally:
            self._dismiss(mine)

    def _admit(self, stream: _Stream) -> None:
        mine = [one for one in self._by_person[stream.person] if one.session == stream.session]
        if len(mine) >= MOST_STREAMS:
            oldest = mine[0]
            oldest.close()
            self._dismiss(oldest)
        self._streams[stream] = None
        self._by_person[stream.person][stream] = None
        for neighbourhood in stream.neighbourhoods:
            self._by_neighbourhood[neighbourhood][stream] = None

    def _dismiss(self, stream: _Stream) -> None:
        self._streams.pop(stream, None)
        for index, keys in ((self._by_person, [stream.person]), (self._by_neighbourhood, stream.neighbourhoods)):
            for key in keys:
                index[key].pop(stream, None)
                if not index[key]:
                    del index[key]

    def _heard(self, _connection: object, _pid: int, _channel: str, text: object) -> None:
        try:
            sent = msgspec.json.decode(str(text), type=_Sent)
        except msgspec.MsgspecError:
            logger.error("a hint can't be read")
            return
        hint = Hint(kind=sent.topic, subject=sent.id, neighbourhood=sent.neighbourhood)
        event = b"event: hint\ndata: " + msgspec.json.encode(hint) + b"\n\n"
        if sent.person is not None:
            concerned = self._by_person.get(sent.person, {})
        elif sent.neighbourhood is not None:
            concerned = self._by_neighbourhood.get(sent.neighbourhood, {})
        else:
            return
        for stream in concerned:
            stream.put(event)

    async def _run(self) -> None:
        """Listen; come back whenever the connection is lost."""
        tries = 0
        while True:
            try:
                await self._listen()
            except Exception as error:  # whatever it was: without this task the process would be deaf and nobody would know
                if self.listening.is_set():
                    tries = 0
                logger.warning("hints are out of reach, trying again", error=type(error).__name__)
            self.listening.clear()
            await asyncio.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
            tries += 1

    async def _listen(self) -> None:
        connection = await asyncpg.connect(
            self._dsn,
            timeout=5,
            command_timeout=5,
            server_settings={"application_name": "mingxun hints", "timezone": "UTC", "jit": "off"},
        )
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(HINTS, self._heard)
            self.listening.set()
            for stream in self._streams:
                stream.put(ANYTHING)
            looked = 0.0
            while not lost.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(lost.wait(), RECHECK)
                looked += RECHECK
                # With nobody there, it is still asked now and then whether the connection lives.
                if self._streams or looked > 5:
                    looked = 0.0
                    await self._recheck(connection)
            raise ConnectionError("the connection was lost")
        finally:
            connection.terminate()

    async def _recheck(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Close the streams of sessions that are over, and of people who have lost a role or got one: they come back as what they
        are now."""
        sessions = list({stream.session for stream in self._streams})
        rows = await connection.fetch(
            """SELECT s.id, ARRAY(
                   SELECT coalesce(m.neighbourhood, below.id) FROM membership m
                   LEFT JOIN area below ON m.neighbourhood IS NULL AND below.parent = m.area AND below.kind = 'neighbourhood'
                   WHERE m.person = s.person AND m.ended_at IS NULL) AS neighbourhoods
               FROM session s JOIN account a ON a.person = s.person AND a.disabled_at IS NULL
               WHERE s.id = ANY($1) AND s.ended_at IS NULL AND s.expires_at > now()""",
            sessions,
        )
        now = {row["id"]: frozenset(place for place in row["neighbourhoods"] if place is not None) for row in rows}
        for stream in list(self._streams):
            if stream.session in sessions and now.get(stream.session) != stream.neighbourhoods:
                stream.close()
