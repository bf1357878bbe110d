/** Acts on tickets that this phone has still to send. */
import type { Act } from '../api/types'
import type { Item } from '../outbox/items'
import type { TicketAct } from '../outbox/make'
import { outbox } from '../outbox/outbox.svelte'

/** The act of an item of the outbox. */
export const wayOf = (item: Item): TicketAct => (item.url.split('/').at(-1) ?? 'claim') as TicketAct

/** What the phone still has to send about a ticket, in its order. */
export function unsentOf(ticket: string): Item[] {
  return outbox.mine.filter((item) => item.kind === 'ticket-act' && item.url.startsWith(`/api/tickets/${ticket}/`))
}

/** What may be done now, given what the server said and what the phone has yet to send. */
export function actsNow(allowed: readonly Act[], unsent: readonly Item[]): readonly Act[] {
  const last = unsent.at(-1)
  if (!last) return allowed
  if (unsent.some((item) => item.state === 'needs-you')) return []
  // In a cellar without network one claims, mends, and takes the photo.
  return wayOf(last) === 'claim' ? ['resolve'] : []
}
