"""A network that loses answers: a TCP proxy before a real server. What it swallows, the server has committed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

PIECE = 64 * 1024


class LossyProxy:
    """`async with lossy_proxy(port) as network: network.swallow = 1`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.swallow = 0
        """How many of the next answers to writes never arrive: when the server has given one, the client's connection breaks (RST)."""
        self.delay = 0.0
        """Seconds that each piece takes longer on its way back."""
        self.swallowed: list[bytes] = []
        """The bodies of those answers."""
        self._connections: set[asyncio.Task[None]] = set()

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def close(self) -> None:
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        asked = _Asked()
        forth = asyncio.create_task(_pump(reader, to_server, asked))
        try:
            await self._back(from_server, writer, asked)
        except OSError:
            writer.transport.abort()
        finally:
            forth.cancel()
            await asyncio.wait([forth])
            for one in (to_server, writer):
                one.transport.abort()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: "_Asked") -> None:
        held = b""
        while data := await reader.read(PIECE):
            if held or (self.swallow and asked.to_write):
                self.swallow -= not held
                held += data
                body = _whole_body(held)
                if body is not None:
                    self.swallowed.append(body)
                    return
            else:
                await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()


class _Asked:
    """What a connection was last used for."""

    to_write = False


def _whole_body(answer: bytes) -> bytes | None:
    """The body of an HTTP/1.1 answer with Content-Length, or without a body; None while some of it is still to come."""
    head, mark, body = answer.partition(b"\r\n\r\n")
    if not mark:
        return None
    lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    length = int(fields.get("content-length", "0"))
    return body if len(body) >= length else None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: _Asked) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(PIECE):
            if b" HTTP/1.1\r\n" in data:
                asked.to_write = data.split(b" ", 1)[0] in {b"POST", b"PUT", b"PATCH", b"DELETE"}
            writer.write(data)
            await writer.drain()


@contextlib.asynccontextmanager
async def lossy_proxy(target: int) -> AsyncIterator[LossyProxy]:
    """On a free port of the loopback address, before the server at port `target`."""
    network = LossyProxy(target)
    server = await asyncio.start_server(network.serve, "127.0.0.1", 0)
    network.port = server.sockets[0].getsockname()[1]
    try:
        yield network
    finally:
        server.close()
        await server.wait_closed()
        await network.close()
