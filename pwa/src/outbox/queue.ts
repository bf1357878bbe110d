/** What sending does to the queue. Each function is one transaction; writes are flushed to disk (`strict`) before they resolve. */
import { database } from '../storage/database'
import { abort } from './disk'
import type { Item, Kind, Receipt, Setback } from './items'
import { current, roomless } from './store'

const RECEIPTS_KEPT = 50

export async function content(id: string): Promise<ArrayBuffer | undefined> {
  return (await (await database()).get('contents', id))?.bytes
}

/** Change an item that is still there; one that has gone in the meantime stays gone. */
export async function change(id: string, how: (item: Item) => Item): Promise<void> {
  const db = await database()
  const tx = db.transaction('outbox', 'readwrite', { durability: 'strict' })
  const item = await tx.store.index('id').get(id)
  if (item) await tx.store.put(how(current(item)))
  await tx.done
}

export async function changeAll(how: (item: Item) => Item | null): Promise<void> {
  const db = await database()
  const tx = db.transaction('outbox', 'readwrite', { durability: 'strict' })
  for (let cursor = await tx.store.openCursor(); cursor; cursor = await cursor.continue()) {
    const next = how(current(cursor.value))
    if (next) await cursor.update(next)
  }
  await tx.done
}

/** Nothing of `kind` before `until`: the server counts by kind. */
export async function postpone(kind: Kind, author: string, setback: Setback, until: number): Promise<void> {
  await changeAll((item) => (item.kind === kind && item.author === author && item.state === 'waiting' && item.nextTryAt < until ? { ...item, setback, nextTryAt: until } : null))
}

/** The server has it: take the item away and keep the receipt, in one transaction. */
export async function settle(item: Item, receipt: unknown, at: number): Promise<void> {
  try {
    await takeAway(item, { id: item.id, kind: item.kind, author: item.author, at, receipt })
  } catch {
    // A full phone may have no room for the receipt: making room goes first.
    await takeAway(item, null)
    roomless.set(item.id, { id: item.id, kind: item.kind, author: item.author, at, receipt })
  }
}

async function takeAway(item: Item, receipt: Receipt | null): Promise<void> {
  const db = await database()
  const tx = db.transaction(['outbox', 'contents', 'receipts'], 'readwrite', { durability: 'strict' })
  const work = (async () => {
    const key = await tx.objectStore('outbox').index('id').getKey(item.id)
    if (key !== undefined) await tx.objectStore('outbox').delete(key)
    await tx.objectStore('contents').delete(item.id)
    if (!receipt) return
    const receipts = tx.objectStore('receipts')
    await receipts.put(receipt)
    let surplus = (await receipts.count()) - RECEIPTS_KEPT
    for (let cursor = await receipts.index('at').openCursor(); cursor && surplus > 0; cursor = await cursor.continue(), surplus--) await cursor.delete()
  })()
  work.catch(() => abort(tx))
  await Promise.all([work, tx.done])
}
