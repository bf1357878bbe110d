"""A load generator that costs little beside a server: raw HTTP/1.1 over kept-alive connections."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a round of requests gave."""

    per_second: float
    statuses: Counter[int]


def request_bytes(method: str, path: str, *, host: str, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """One request, ready to be written."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def drive(port: int, requests: Sequence[bytes], *, connections: int = 16) -> Load:
    """Send all requests over so many connections; how many a second were answered, and how."""
    waiting = iter(requests)
    statuses: Counter[int] = Counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for request in waiting:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                statuses[int(head[9:12])] += 1
                await reader.readexactly(_length(head))
        finally:
            writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return Load(len(requests) / (time.perf_counter() - started), statuses)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0
