/** Deleting, which its author can take back for a moment. */
import { database } from '../storage/database'
import { change } from './queue'
import { all, current } from './store'

/** The author gave it up. It stays, unseen and unsent, until `bury`. */
export async function giveUp(id: string, at: number): Promise<boolean> {
  let given = false
  await change(id, (item) => {
    if (item.state === 'given-up') return item
    given = true
    return { ...item, state: 'given-up', givenUp: { at, from: item.state } }
  })
  return given
}

/** Undo of `giveUp`, in its old place; nothing once it is gone. */
export async function takeBack(id: string): Promise<void> {
  await change(id, ({ givenUp, ...item }) => ({ ...item, state: item.state === 'given-up' ? (givenUp?.from ?? 'waiting') : item.state }))
}

/** Take away for good what was given up before `before`. Whether something is still to be buried, and when. */
export async function bury(before: number): Promise<number | null> {
  let next: number | null = null
  for (const { id, givenUp } of await all()) {
    if (!givenUp) continue
    if (givenUp.at <= before) await remove(id)
    else next = Math.min(next ?? Infinity, givenUp.at)
  }
  return next
}

/** What followed it is freed; a photo is also taken out of the ticket that was to carry it. */
async function remove(id: string): Promise<void> {
  const db = await database()
  const tx = db.transaction(['outbox', 'contents'], 'readwrite', { durability: 'strict' })
  const outbox = tx.objectStore('outbox')
  const item = await outbox.index('id').get(id)
  if (item?.seq && item.state === 'given-up') {
    for (let cursor = await outbox.openCursor(); cursor; cursor = await cursor.continue()) {
      const other = current(cursor.value)
      if (!other.dependsOn.includes(id)) continue
      const photos = other.body?.photos
      await cursor.update({
        ...other,
        dependsOn: other.dependsOn.filter((before) => before !== id),
        body: Array.isArray(photos) ? { ...other.body, photos: photos.filter((photo) => photo !== id) } : other.body,
      })
    }
    await outbox.delete(item.seq)
    await tx.objectStore('contents').delete(id)
  }
  await tx.done
}
