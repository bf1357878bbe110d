/** Keeping. Each function is one transaction; writes are flushed to disk (`strict`) before they resolve. */
import { database } from '../storage/database'
import type { Item } from './items'

/** The phone could not keep it (storage full, switched off, broken). Nobody may say 已保存. */
export class NotSaved extends Error {
  override name = 'NotSaved'
}

/** A transaction that has failed by itself is over already. */
export function abort(tx: { abort: () => void }): void {
  try {
    tx.abort()
  } catch {
    // Over.
  }
}

/** Whatever fails on the way to the disk (the store, a photo that can't be read, the phone's own id) means: not saved. */
export async function writing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw cause instanceof NotSaved ? cause : new NotSaved('not kept', { cause })
  }
}

/** Keep `items` (with their bytes). Resolves once they are on disk; the same id a second time changes nothing. Throws NotSaved. */
export function keep(items: { item: Item; bytes?: ArrayBuffer }[]): Promise<void> {
  return writing(async () => {
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
    writes.catch(() => abort(tx))
    await Promise.all([writes, tx.done])
  })
}
