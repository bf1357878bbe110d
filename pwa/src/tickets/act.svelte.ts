/** Acts on a ticket: kept in the outbox, then told how it went. */
import type { Act, TicketDetail, TicketOut } from '../api/types'
import { toast } from '../kit/toast.svelte'
import { t as kit } from '../kit/words'
import type { Item } from '../outbox/items'
import type { TicketAct } from '../outbox/make'
import { NotSaved, outbox } from '../outbox/outbox.svelte'
import { t } from './words'

export type Outcome = 'delivered' | 'saved' | 'refused' | 'not-kept'

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

type Acted = Pick<TicketOut, 'id' | 'what' | 'location_name' | 'area_name'> & { version?: number }

/** Do it, and say how it went. A refusal stays in the outbox until the person has read it (`Unsent.svelte`). */
export async function act(ticket: Acted, way: TicketAct, body: Record<string, unknown>, photos: Blob[] = []): Promise<{ outcome: Outcome; receipt?: TicketDetail }> {
  const place = ticket.location_name ?? ticket.area_name
  try {
    const kept = await outbox.ticketAct({ id: ticket.id, version: ticket.version ?? null }, way, body, photos, { what: ticket.what, ...(place ? { place } : {}) })
    const result = await kept.result()
    if (result.state === 'needs-you') return { outcome: 'refused' }
    // Said where the ticket stands, for as long as it is so.
    if (result.state === 'saved') return { outcome: 'saved' }
    toast.say(t.done[way])
    return { outcome: 'delivered', receipt: result.receipt }
  } catch (error) {
    if (!(error instanceof NotSaved)) throw error
    return { outcome: 'not-kept' }
  }
}

/** The person has read why it was refused. */
export async function dismiss(item: Item): Promise<void> {
  const undo = await outbox.remove(item.id)
  if (undo) toast.say(t.dismissed, { action: { label: kit.undo, run: () => void undo() } })
}

/** One ticket that is open on the screen, and what is being done with it. */
export class Acting {
  busy = $state<TicketAct | null>(null)
  failure = $state('')
  /** Taken, not sent. */
  after = $state.raw<Blob[]>([])
  note = $state('')
  /** Which act asks for more before it is sent. */
  asking = $state<'decline' | 'hand_over' | 'reopen' | null>(null)
  camera = $state.raw<{ open: () => void } | undefined>(undefined)
  readonly #ticket: () => TicketDetail | undefined
  readonly #acted: (receipt: TicketDetail | undefined) => void
  #held = $state.raw<readonly Act[] | null>(null)
  unsent = $derived.by(() => {
    const ticket = this.#ticket()
    return ticket && !this.busy ? unsentOf(ticket.id) : []
  })
  acts = $derived.by<readonly Act[]>(() => this.#held ?? actsNow(this.#ticket()?.acts ?? [], this.unsent))

  /** `acted` gets the ticket as it is now, or nothing when it must be read. */
  constructor(ticket: () => TicketDetail | undefined, acted: (receipt: TicketDetail | undefined) => void) {
    this.#ticket = ticket
    this.#acted = acted
  }

  may(act: Act): boolean {
    return this.acts.includes(act)
  }

  async do(way: TicketAct, body: Record<string, unknown>, photos: Blob[] = []): Promise<boolean> {
    const ticket = this.#ticket()
    if (!ticket || this.busy) return false
    this.#held = this.acts
    this.busy = way
    this.failure = ''
    try {
      const { outcome, receipt } = await act(ticket, way, body, photos)
      if (outcome === 'not-kept') this.failure = t.notKept
      else this.#acted(receipt)
      return outcome === 'delivered' || outcome === 'saved'
    } finally {
      this.busy = null
      this.#held = null
    }
  }

  async resolve(): Promise<void> {
    if (await this.do('resolution', { note: this.note.trim() }, this.after)) {
      this.after = []
      this.note = ''
    }
  }
}
