"""Promise 7: the upload of a photo is cut at any byte, by a phone that vanishes, a connection that breaks, or one that just stalls.

Never is a part taken for the whole, and the receipt's SHA-256 is that of the phone's bytes.
"""

import asyncio
import base64
import hashlib
import socket
import struct
import time
from uuid import UUID

import pytest

from mingxun.kit.ids import new_id
from tests.faults.stage import LONG, Someone, Stage
from tests.tickets.pictures import jpeg

STALLS = 90.0 if LONG else 1.5
"""Seconds for which an upload stands still; in the long form until the server gives it up."""


def _offsets(size: int) -> list[int]:
    """Where to cut: nothing, one byte, somewhere, all but the last."""
    return sorted({0, 1, 2, size // 4, size // 2, size - 2, size - 1} | (set(range(0, size, size // 60)) if LONG else set()))


class Upload:
    """One connection that carries a part of a photo."""

    def __init__(self, stage: Stage, who: Someone, photo: str, picture: bytes, *, chunked: bool = False) -> None:
        self.picture = picture
        headers = {"Content-Type": "image/jpeg"}
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        whole = stage.request(who, "PUT", f"/api/photos/{photo}", content=picture, headers=headers)
        head, _, _ = whole.partition(b"\r\n\r\n")
        if chunked:
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
            head = b"\r\n".join(lines)
        self._head = head + b"\r\n\r\n"
        self._chunked = chunked
        self._port = stage.ports[0]
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def send(self, until: int) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        part = self.picture[:until]
        # A chunk that says it is as long as the whole: the part of it that comes is not a chunk yet.
        begins = f"{len(self.picture):x}\r\n".encode() if self._chunked else b""
        self._writer.write(self._head + begins + part)
        await self._writer.drain()

    async def finish(self, sent: int) -> bytes:
        """Send the rest; the answer."""
        self._writer.write(self.picture[sent:] + (b"\r\n0\r\n\r\n" if self._chunked else b""))
        await self._writer.drain()
        answer = await self._reader.readuntil(b"\r\n\r\n")
        answer += await self._reader.read(4096)
        self._writer.close()
        return answer

    async def answer(self) -> bytes:
        """What comes without sending more; empty when the server just closes."""
        answer = await self._reader.read(4096)
        self._writer.close()
        return answer

    def close(self) -> None:
        """Orderly: the phone says that it has no more to send."""
        self._writer.close()

    def reset(self) -> None:
        """As a network that breaks: RST."""
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


async def _is_nowhere(stage: Stage, who: Someone, photo: str) -> None:
    assert (await stage.send(who, "GET", f"/api/photos/{photo}")).status_code == 404
    assert await stage.count("photo WHERE id = $1", UUID(photo)) == 0


async def test_a_part_is_never_taken_for_the_whole(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    picture = jpeg(640, 480, seed=7)
    cut = []
    who = stage.someone_new()
    for chunked in (False, True):
        for end in (Upload.close, Upload.reset):
            for until in _offsets(len(picture)):
                photo = str(new_id())
                upload = Upload(stage, who, photo, picture, chunked=chunked)
                await upload.send(until)
                end(upload)
                cut.append(photo)
    await asyncio.sleep(0.5)
    for photo in cut:
        await _is_nowhere(stage, who, photo)
    # One of them is sent again, as the phone does with each.
    reply = await stage.send(who, "PUT", f"/api/photos/{cut[3]}", content=picture, headers={"Content-Type": "image/jpeg"})
    assert reply.json()["sha256"] == hashlib.sha256(picture).hexdigest()
    with capsys.disabled():
        print(f"\n{len(cut)} uploads of {len(picture)} bytes cut at {len(_offsets(len(picture)))} places: none was taken")


async def test_an_upload_that_stalls_holds_nobody_up_and_may_still_end(stage: Stage) -> None:
    picture, who = jpeg(640, 480, seed=8), stage.someone_new()
    photo, half = str(new_id()), len(picture) // 2
    stalled = [Upload(stage, who, str(new_id()), picture) for _ in range(30)]
    slow = Upload(stage, who, photo, picture)
    for upload in (*stalled, slow):
        await upload.send(half)
    await asyncio.sleep(1.5)
    began = time.monotonic()
    other = stage.someone_new()
    reply = await stage.send(other, "PUT", f"/api/photos/{new_id()}", content=picture, headers={"Content-Type": "image/jpeg"})
    assert reply.status_code == 200
    assert time.monotonic() - began < 5, "others wait for uploads that stand still"
    await _is_nowhere(stage, who, photo)
    answer = await slow.finish(half)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    assert hashlib.sha256(picture).hexdigest().encode() in answer
    if LONG:
        for answer in await asyncio.wait_for(asyncio.gather(*(upload.answer() for upload in stalled)), STALLS):
            assert not answer.startswith(b"HTTP/1.1 2"), answer
    else:
        for upload in stalled:
            upload.reset()


async def test_bytes_that_were_cut_or_changed_on_the_way_are_refused_though_the_request_is_whole(stage: Stage) -> None:
    """A proxy that gives up in the middle and still ends the request properly: only the phone's own hash tells."""
    picture, who, photo = jpeg(640, 480, seed=9), stage.someone_new(), str(new_id())
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(picture).digest()).decode()}:"
    headers = {"Content-Type": "image/jpeg", "Content-Digest": digest}
    flipped = picture[:-20] + bytes([picture[-20] ^ 1]) + picture[-19:]
    for arrived in (picture[: len(picture) // 2], picture[:-1], flipped, picture + b"\0", b""):
        reply = await stage.send(who, "PUT", f"/api/photos/{photo}", content=arrived, headers=headers)
        assert (reply.status_code, reply.json()["type"]) == (400, "/problems/digest-mismatch"), reply.text
        await _is_nowhere(stage, who, photo)
    # Without a hash, a picture that breaks off is still seen to be damaged.
    cut = await stage.send(
        who, "PUT", f"/api/photos/{photo}", content=picture[: len(picture) // 2], headers={"Content-Type": "image/jpeg"}
    )
    assert (cut.status_code, cut.json()["refusal"]) == (422, "damaged")
    reply = await stage.send(who, "PUT", f"/api/photos/{photo}", content=picture, headers=headers)
    assert (reply.status_code, reply.json()["sha256"]) == (200, hashlib.sha256(picture).hexdigest())
