"""The network between a phone and the server, as a relay that can be taken away, or break off in the middle of anything."""

import asyncio
import contextlib
import random

from tests.installation import free_port

CHUNK = 16 * 1024


class Wire:
    """`await up()`, `await down()`, and in between `shake(...)`. The phone's address for the server is `url`."""

    def __init__(self, target: int, *, seed: int = 1) -> None:
        self.port = free_port()
        self.breaks = 0
        """How often a connection was broken off while something was on it."""
        self._target = target
        self._random = random.Random(seed)
        self._chance = 0.0
        self._most = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._connected, "localhost", self.port)

    async def down(self) -> None:
        """Nobody answers any more, and whoever was being answered is cut off."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def shake(self, chance: float, *, most: int) -> None:
        """From now on a connection breaks off with `chance` (0–1), somewhere in a request or in an answer; `most` times in all."""
        self._chance, self._most = chance, most

    def _plan(self) -> tuple[int | None, int | None]:
        """After how many bytes to the server, and from it, this connection breaks off."""
        if self.breaks >= self._most or self._random.random() >= self._chance:
            return None, None
        if self._random.random() < 0.5:
            return self._random.randrange(1, 200_000), None
        # Most of what the server says is short: the reply is lost although the work is done.
        return None, self._random.randrange(1, 4_000)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("localhost", self._target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, back)
        self._open.update(pair)
        request, answer = self._plan()
        pumps = [
            asyncio.create_task(self._pump(reader, back, request, pair)),
            asyncio.create_task(self._pump(there, writer, answer, pair)),
        ]
        self._pumps.update(pumps)
        await asyncio.gather(*pumps, return_exceptions=True)
        self._pumps.difference_update(pumps)
        self._open.difference_update(pair)
        for one in pair:
            one.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limit: int | None,
        pair: tuple[asyncio.StreamWriter, ...],
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                if limit is not None and len(data) >= limit:
                    writer.write(data[:limit])
                    await writer.drain()
                    self.breaks += 1
                    for one in pair:
                        one.transport.abort()
                    return
                limit = None if limit is None else limit - len(data)
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
