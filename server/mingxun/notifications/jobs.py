"""Work of this feature in the background."""

from uuid import UUID

from mingxun.kit.jobs import JobContext, JobRegistry
from mingxun.ledger import FactId
from mingxun.notifications.announcing import announce
from mingxun.notifications.delivering import deliver

registry = JobRegistry()


@registry.job("announce")
async def announce_fact(payload: bytes, context: JobContext) -> None:
    """Payload: the fact's id, 16 bytes."""
    await announce(FactId(UUID(bytes=payload)), now=context.clock.now(), zone=context.settings.timezone)


@registry.job("push", transaction=False)
async def push(payload: bytes, context: JobContext) -> None:
    """Payload: ids of deliveries, 16 bytes each."""
    await deliver([UUID(bytes=payload[start : start + 16]) for start in range(0, len(payload), 16)], context)
