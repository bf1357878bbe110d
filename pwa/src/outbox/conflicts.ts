/** What the server took although another record says otherwise: its author is told. */
import { database } from '../storage/database'
import type { Receipt } from './items'

/** What the person should read in the receipts of `author`: the server took it, and another record says otherwise. */
export async function conflicts(author: string): Promise<Receipt[]> {
  const receipts = await (await database()).getAllFromIndex('receipts', 'at')
  return receipts.filter((one) => one.author === author && !one.read && (one.receipt as { conflict?: unknown } | null)?.conflict != null)
}

/** The person has read it. */
export async function markRead(id: string): Promise<void> {
  const db = await database()
  const tx = db.transaction('receipts', 'readwrite')
  const receipt = await tx.store.get(id)
  if (receipt) await tx.store.put({ ...receipt, read: true })
  await tx.done
}
