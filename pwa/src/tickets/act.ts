/** Acts on a ticket: kept in the outbox, then told how it went. */
import type { TicketDetail, TicketOut } from '../api/types'
import { toast } from '../kit/toast.svelte'
import { ticketAct } from '../outbox/keeping'
import type { TicketAct } from '../outbox/make'
import { ta } from './actWords'

export type Outcome = 'delivered' | 'saved' | 'refused' | 'not-kept'

type Acted = Pick<TicketOut, 'id' | 'what' | 'location_name' | 'area_name'> & { version?: number }

/** Do it, and say how it went. A refusal stays in the outbox until the person has read it (`Unsent.svelte`). */
export async function act(ticket: Acted, way: TicketAct, body: Record<string, unknown>, photos: Blob[] = []): Promise<{ outcome: Outcome; receipt?: TicketDetail }> {
  const place = ticket.location_name ?? ticket.area_name
  try {
    const kept = await ticketAct({ id: ticket.id, version: ticket.version ?? null }, way, body, photos, { what: ticket.what, ...(place ? { place } : {}) })
    const result = await kept.result()
    if (result.state === 'needs-you') return { outcome: 'refused' }
    // Said where the ticket stands, for as long as it is so.
    if (result.state === 'saved') return { outcome: 'saved' }
    toast.say(ta.done[way])
    return { outcome: 'delivered', receipt: result.receipt }
  } catch {
    // NotSaved: whatever the phone's reason is.
    return { outcome: 'not-kept' }
  }
}

/** Claims from a list. What to say when the phone could not keep it; '' otherwise. */
export async function claim(ticket: Acted): Promise<string> {
  const { outcome } = await act(ticket, 'claim', {})
  return outcome === 'not-kept' ? ta.notKept : ''
}
