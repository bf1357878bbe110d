/** Sends what waits when the network is back and no page is open (Background Sync, where there is one). */
import { locked } from '../outbox/lock'
import { onLetGo, tell } from '../outbox/news'
import { reachable } from '../outbox/reach'
import { sender } from '../outbox/sender'
import { readFact } from '../storage/database'
import { worker } from './scope'

interface SyncEvent extends ExtendableEvent {
  tag: string
}

export function installOutbox(): void {
  const engine = sender({
    fetch: (request) => fetch(request),
    reachable,
    now: () => new Date(),
    author: async () => (await readFact<{ id: string }>('me'))?.id ?? null,
    locked,
    changed: tell,
    random: Math.random,
    origin: worker.location.origin,
  })
  onLetGo(engine.letGo)
  worker.addEventListener('sync', (event) => {
    const sync = event as SyncEvent
    if (sync.tag !== 'mingxun-outbox') return
    sync.waitUntil(
      engine.hurry().then(async () => {
        const { outcome } = await engine.flush()
        tell()
        // A rejected sync is tried again by the browser, with its own pauses.
        if (outcome === 'waiting') throw new Error('something still waits')
      }),
    )
  })
}
