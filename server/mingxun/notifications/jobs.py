"""Work of this feature in the background."""

from uuid import UUID

from mingxun.kit.jobs import JobContext, JobRegistry, enqueue
from mingxun.ledger import FactId
from mingxun.notifications.announcing import announce
from mingxun.notifications.delivering import deliver
from mingxun.notifications.forgetting import AT_ONCE, forget_deliveries, forget_messages, forget_phones

registry = JobRegistry()


@registry.job("announce")
async def announce_fact(payload: bytes, context: JobContext) -> None:
    """Payload: the fact's id, 16 bytes."""
    await announce(FactId(UUID(bytes=payload)), now=context.clock.now(), zone=context.settings.timezone)


@registry.job("push", transaction=False)
async def push(payload: bytes, context: JobContext) -> None:
    """Payload: ids of deliveries, 16 bytes each."""
    await deliver([UUID(bytes=payload[start : start + 16]) for start in range(0, len(payload), 16)], context)


@registry.every("20 18 * * *", "forget_messages")
async def forget(payload: bytes, context: JobContext) -> None:
    """Remove old deliveries, messages and subscriptions, at night (UTC 18:20), in batches: a job each."""
    now = context.clock.now()
    removed = [await forget_deliveries(now=now), await forget_messages(now=now), await forget_phones(now=now)]
    if AT_ONCE in removed:
        await enqueue("forget_messages")
