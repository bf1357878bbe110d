/** What waits, read. Writing is for those who keep (`disk`), send (`queue`) and decide (`giving-up`). */
import { database } from '../storage/database'
import type { Item, Receipt } from './items'

/** An item as this version knows it, from one that any earlier version kept: what it did not have yet is as it was without. */
export function current(kept: Item): Item {
  const { about = {}, dependsOn = [], state = 'waiting', tries = 0, nextTryAt = 0, setback = null, content = null, body = null, idempotencyKey = null } = kept as Partial<Item>
  return { ...kept, about, dependsOn, state, tries, nextTryAt, setback, content, body, idempotencyKey }
}

export async function all(): Promise<Item[]> {
  return (await (await database()).getAll('outbox')).map(current)
}

/** Receipts for which the phone had no room, for as long as the app is open. */
export const roomless = new Map<string, Receipt>()

export async function receiptOf(id: string): Promise<Receipt | undefined> {
  return roomless.get(id) ?? (await database()).get('receipts', id)
}
