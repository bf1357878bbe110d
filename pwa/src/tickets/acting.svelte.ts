/** One ticket that is open on the screen, and what is being done with it. */
import type { Act, TicketDetail } from '../api/types'
import { toast } from '../kit/toast.svelte'
import { t as kit } from '../kit/words'
import { remove } from '../outbox/deciding'
import type { Item } from '../outbox/items'
import type { TicketAct } from '../outbox/make'
import { act } from './act'
import { ta } from './actWords'
import { actsNow, unsentOf } from './unsent'

/** The person has read why it was refused. */
export async function dismiss(item: Item): Promise<void> {
  try {
    const undo = await remove(item.id)
    if (undo) toast.say(ta.dismissed, { action: { label: kit.undo, run: () => void undo() } })
  } catch {
    toast.say(ta.notDismissed)
  }
}

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
      if (outcome === 'not-kept') this.failure = ta.notKept
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
