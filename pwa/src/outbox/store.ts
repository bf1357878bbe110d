/** The durable queue. Every function is one transaction; writes are flushed to disk (`strict`) before they resolve. */
import { database } from '../storage/database'
import type { Item, Receipt } from './items'

/** The phone could not keep it (storage full, switched off, broken). Nobody may say 已保存. */
export class NotSaved extends Error {
  override name = 'NotSaved'
}

const RECEIPTS_KEPT = 50

/** Keep `item` (and its bytes). Resolves once it is on disk; the same id a second time changes nothing. */
export async function keep(items: { item: Item; bytes?: ArrayBuffer }[]): Promise<void> {
  try {
    const db = await database()
    const tx = db.transaction(['outbox', 'contents'], 'readwrite', { durability: 'strict' })
    const writes = (async () => {
      for (const { item, bytes } of items) {
        if (await tx.objectStore('outbox').index('id').getKey(item.id)) continue
        await tx.objectStore('outbox').add(item)
        if (bytes) await tx.objectStore('contents').put({ id: item.id, bytes })
      }
    })()
    // One write that fails takes the others with it: a ticket never stands here without its photos.
    writes.catch(() => tx.abort())
    await Promise.all([writes, tx.done])
  } catch (cause) {
    throw new NotSaved('not kept', { cause })
  }
}

export async function all(): Promise<Item[]> {
  return (await database()).getAll('outbox')
}

export async function content(id: string): Promise<ArrayBuffer | undefined> {
  return (await (await database()).get('contents', id))?.bytes
}

/** Change an item that is still there; one that has gone in the meantime stays gone. */
export async function change(id: string, how: (item: Item) => Item): Promise<void> {
  const db = await database()
  const tx = db.transaction('outbox', 'readwrite', { durability: 'strict' })
  const item = await tx.store.index('id').get(id)
  if (item) await tx.store.put(how(item))
  await tx.done
}

export async function changeAll(how: (item: Item) => Item | null): Promise<void> {
  const db = await database()
  const tx = db.transaction('outbox', 'readwrite', { durability: 'strict' })
  for (let cursor = await tx.store.openCursor(); cursor; cursor = await cursor.continue()) {
    const next = how(cursor.value)
    if (next) await cursor.update(next)
  }
  await tx.done
}

/** The server has it: take the item away and keep the receipt, in one transaction. */
export async function settle(item: Item, receipt: unknown, at: number): Promise<void> {
  const db = await database()
  const tx = db.transaction(['outbox', 'contents', 'receipts'], 'readwrite', { durability: 'strict' })
  const key = await tx.objectStore('outbox').index('id').getKey(item.id)
  if (key !== undefined) await tx.objectStore('outbox').delete(key)
  await tx.objectStore('contents').delete(item.id)
  const receipts = tx.objectStore('receipts')
  await receipts.put({ id: item.id, kind: item.kind, author: item.author, at, receipt })
  let surplus = (await receipts.count()) - RECEIPTS_KEPT
  for (let cursor = await receipts.index('at').openCursor(); cursor && surplus > 0; cursor = await cursor.continue(), surplus--) await cursor.delete()
  await tx.done
}

export async function receiptOf(id: string): Promise<Receipt | undefined> {
  return (await database()).get('receipts', id)
}

/**
 * The author gave it up. What followed it is freed; a photo is also taken out of the ticket that was to carry it.
 * Returns what was there, for `putBack`.
 */
export async function remove(id: string): Promise<{ item: Item; bytes: ArrayBuffer | undefined; followers: Item[] } | null> {
  const db = await database()
  const tx = db.transaction(['outbox', 'contents'], 'readwrite', { durability: 'strict' })
  const outbox = tx.objectStore('outbox')
  const item = await outbox.index('id').get(id)
  if (!item?.seq) {
    await tx.done
    return null
  }
  const bytes = (await tx.objectStore('contents').get(id))?.bytes
  const followers: Item[] = []
  for (let cursor = await outbox.openCursor(); cursor; cursor = await cursor.continue()) {
    const other = cursor.value
    if (!other.dependsOn.includes(id)) continue
    followers.push(other)
    const photos = other.body?.photos
    await cursor.update({
      ...other,
      dependsOn: other.dependsOn.filter((before) => before !== id),
      body: Array.isArray(photos) ? { ...other.body, photos: photos.filter((photo) => photo !== id) } : other.body,
    })
  }
  await outbox.delete(item.seq)
  await tx.objectStore('contents').delete(id)
  await tx.done
  return { item, bytes, followers }
}

/** Undo of `remove`: in its old place in the order, its followers behind it again if they have not gone yet. */
export async function putBack({ item, bytes, followers }: { item: Item; bytes: ArrayBuffer | undefined; followers: Item[] }): Promise<void> {
  const db = await database()
  const tx = db.transaction(['outbox', 'contents'], 'readwrite', { durability: 'strict' })
  const outbox = tx.objectStore('outbox')
  await outbox.put(item)
  if (bytes) await tx.objectStore('contents').put({ id: item.id, bytes })
  for (const follower of followers) {
    if (await outbox.index('id').getKey(follower.id)) await outbox.put(follower)
  }
  await tx.done
}
