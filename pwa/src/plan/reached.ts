import type { Schema } from '../api/types'

export type Delivery = Schema<'DeliveryOut'>

/** Whether the person is known to have it before their eyes. */
export const knows = (one: Pick<Delivery, 'reach'>): boolean => one.reach === 'read' || one.reach === 'shown'

/** What tells people that they are not on it: of importance to those who are not. */
const OFF = new Set(['unassigned', 'unassigned_afterwards', 'shift_removed', 'shift_cancelled'])

/**
 * The newest message of each person (`items` come newest first), those who don't know yet before the others. Left out: who has left
 * the shift themselves meanwhile, and so knows better than the message.
 */
export function latest(items: readonly Delivery[], on: ReadonlySet<string>): Delivery[] {
  const newest = new Map<string, Delivery>()
  for (const one of items) if (!newest.has(one.person)) newest.set(one.person, one)
  const found = [...newest.values()].filter((one) => on.has(one.person) || OFF.has(one.kind))
  return [...found.filter((one) => !knows(one)), ...found.filter(knows)]
}
