"""Promises 4, 5 and 6: a reply is lost after the commit, a key comes again with another body, many send the same at once.

On every write of the contract that may be sent again (`every_write`), over two server processes.
"""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest

from mingxun.kit.ids import new_id
from tests.faults.every_write import BY_ID, KEYED, LEAVES_NO_TRACE_HERE, OPERATIONS, RECIPES, RETRYABLE, WRITES, Write, prepare
from tests.faults.lossy_proxy import lossy_proxy
from tests.faults.stage import LONG, Stage

AT_ONCE = 50
WANTED_BY_MANY = RETRYABLE if LONG else ["checkIn", "openTicket", "signUp", "uploadPhoto", "createInvitation"]
NOT_RETRYABLE = {
    "signIn", "signInByLink", "signOut", "previewInvitation", "acceptInvitation", "readCode", "confirmPushShown", "searchPeople", "geocode",
}  # fmt: skip
"""Done twice, they leave what once does (or count as another try, as they should). Everything else takes a key or the phone's id."""


def test_whatever_writes_can_be_sent_again_or_is_known_to_need_no_key() -> None:
    assert set(WRITES) == {*RETRYABLE, *LEAVES_NO_TRACE_HERE, *NOT_RETRYABLE}
    assert set(RECIPES) == set(RETRYABLE)


async def test_a_reply_lost_after_the_commit_is_the_reply_of_the_retry(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    lost = 0
    async with lossy_proxy(stage.ports[0]) as network:
        for operation in RETRYABLE:
            write = await prepare(operation, stage)
            key = None if operation in BY_ID else str(new_id())
            before = await stage.state()
            network.swallow = 1
            with pytest.raises((ConnectionError, OSError)):
                await _send_raw(stage, write, key, network.port)
            lost_reply, after = network.swallowed[-1], await stage.state()
            assert after != before, f"{operation}: nothing was done"
            retry = await write.send(stage, key=key, process=1)
            assert retry.is_success, (operation, retry.text)
            assert (json.loads(lost_reply) if lost_reply else None) == (retry.json() if retry.content else None), operation
            assert await stage.state() == after, f"{operation}: the retry did it again"
            assert operation in BY_ID or retry.headers["idempotency-replayed"] == "true"
            lost += 1
    with capsys.disabled():
        print(f"\n{lost} operations: reply lost after the commit, same reply at the retry, nothing done twice")


async def _send_raw(stage: Stage, write: Write, key: str | None, port: int) -> None:
    """Through the lossy network, where a client that hides a broken connection by trying again would spoil the test."""
    request = stage.request(write.who, write.method, write.path, key=key, **write.how)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        if not await reader.read(1):
            raise ConnectionError("closed without an answer")
    finally:
        writer.transport.abort()


async def test_a_key_that_comes_again_with_another_request_is_refused_and_the_first_is_intact(stage: Stage) -> None:
    for operation in KEYED:
        first, key = await prepare(operation, stage), str(new_id())
        other = replace(await prepare(operation, stage), who=first.who)  # keys are each person's own
        done = await first.send(stage, key=key)
        assert done.is_success, (operation, done.text)
        after = await stage.state()
        refused = await other.send(stage, key=key, process=1)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency-key-reused"), (
            operation,
            refused.text,
        )
        assert await stage.state() == after, f"{operation}: the refused request changed something"
        again = await first.send(stage, key=key)
        assert (again.status_code, again.content) == (done.status_code, done.content), operation
        assert again.headers["idempotency-replayed"] == "true"
    refused = await stage.send(
        stage.coordinator,
        "POST",
        f"{stage.area}/parties",
        json={"kind": "department", "name": "x"},
        headers={"Idempotency-Key": "no spaces"},
    )
    assert refused.status_code == 400


async def test_keys_are_each_persons_own(stage: Stage) -> None:
    first, second = await prepare("openTicket", stage), await prepare("openTicket", stage)
    replies = [await write.send(stage, key="the-same-key") for write in (first, second)]
    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json()["id"] != replies[1].json()["id"]


@pytest.mark.parametrize("operation", [name for name in RETRYABLE if name in BY_ID or "id" in OPERATIONS[name].properties])
async def test_an_id_that_comes_again_with_other_content_is_refused_and_the_first_is_intact(stage: Stage, operation: str) -> None:
    first = await prepare(operation, stage)
    done = await first.send(stage)
    assert done.is_success, done.text
    after = await stage.state()
    if operation == "uploadPhoto":
        other = replace(first, how=(await prepare(operation, stage)).how)
    else:
        changed = {"openTicket": {"what": "另一件事"}, "vouchCheckIn": {"reason": "另一个原因"}}.get(
            operation, {"at": "2026-01-01T00:00:00Z"}
        )
        other = replace(first, how={"json": {**first.how["json"], **changed}})
    refused = await other.send(stage, process=1)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/id-taken"), refused.text
    assert await stage.state() == after
    again = await first.send(stage)
    assert again.json() == done.json()


@pytest.mark.parametrize("operation", WANTED_BY_MANY)
async def test_fifty_identical_requests_at_once_are_one_and_all_get_its_receipt(
    stage: Stage, operation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write = await prepare(operation, stage)
    key = None if operation in BY_ID else str(new_id())
    before = await stage.state()
    replies = await asyncio.gather(*(write.send(stage, key=key, process=number % 2) for number in range(AT_ONCE)))
    outcomes = Counter(reply.status_code for reply in replies)
    receipts = {reply.content for reply in replies}
    with capsys.disabled():
        print(f"\n{operation}: {AT_ONCE} at once, answers {dict(outcomes)}, {len(receipts)} receipt(s)")
    assert len(outcomes) == 1, [reply.text for reply in replies if not reply.is_success][:2]
    assert replies[0].is_success, replies[0].text
    assert len(receipts) == 1
    after = await stage.state()
    changed = {table for table, now in after.items() if now != before[table]}
    assert changed, "nothing was done"
    rows = {
        "checkIn": ("attendance", "evidence"),
        "openTicket": ("ticket", "ticket_event"),
        "signUp": ("assignment",),
        "uploadPhoto": ("photo",),
        "createInvitation": ("invitation", "person"),
    }.get(operation, ())
    for table in rows:
        assert int(after[table].split(" ")[0]) == int(before[table].split(" ")[0]) + 1, f"more than one row in {table}"
    if operation == "openTicket":
        assert await stage.count("fact WHERE subject = $1", UUID(replies[0].json()["id"])) == 1
