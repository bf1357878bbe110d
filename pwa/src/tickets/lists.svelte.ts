/** Lists of tickets as screens show them: kept on the phone, read again on hints, longer on demand. */
import { api, call } from '../api/client'
import { explain } from '../api/explain'
import type { TicketOut } from '../api/types'
import type { operations } from '../api/schema'
import type { Hint } from '../live/live'
import { session } from '../session/session.svelte'
import { reading, type Reading } from '../storage/reading.svelte'
import { tl } from './listWords'

type Query = NonNullable<operations['listTickets']['parameters']['query']>
export type ListQuery = Omit<Query, 'cursor' | 'limit'>
export interface TicketList { items: TicketOut[]; next: string | null }

const PAGE = 50

export const concernsTickets = (hint: Hint): boolean => hint.topic.startsWith('ticket_') && (hint.neighbourhood === null || hint.neighbourhood === session.neighbourhood)

async function page(query: ListQuery, cursor: string | null): Promise<TicketList> {
  const found = await call(
    api.GET('/api/neighbourhoods/{neighbourhood}/tickets', { params: { path: { neighbourhood: session.neighbourhood }, query: { ...query, limit: PAGE, ...(cursor ? { cursor } : {}) } } }),
  )
  return { items: found.items, next: found.next_cursor }
}

export class Tickets {
  more = $state(false)
  failure = $state('')
  readonly of: Reading<TicketList>
  readonly #query: () => ListQuery | null
  readonly #key: () => string
  /** How many pages are shown, so that reading again shows as many. */
  #pages = { key: '', count: 1 }

  constructor(query: () => ListQuery | null) {
    this.#query = query
    this.#key = () => `tickets/${session.neighbourhood}/${JSON.stringify(query())}`
    this.of = reading(this.#key, () => this.#read(), { hints: concernsTickets })
  }

  get items(): TicketOut[] {
    return this.of.data?.items ?? []
  }

  /** How many there are, as far as the phone knows; '' before it knows. */
  get count(): string {
    if (!this.of.data) return ''
    return this.of.data.next ? tl.countMore(this.items.length) : tl.count(this.items.length)
  }

  async #read(): Promise<TicketList> {
    const query = this.#query()
    const key = this.#key()
    if (!query) return { items: [], next: null }
    if (this.#pages.key !== key) this.#pages = { key, count: 1 }
    let list = await page(query, null)
    for (let count = 1; count < this.#pages.count && list.next; count++) list = joined(list, await page(query, list.next))
    return list
  }

  longer = async (): Promise<void> => {
    const before = this.of.data
    const query = this.#query()
    const key = this.#key()
    if (!before?.next || !query || this.more) return
    this.more = true
    this.failure = ''
    try {
      const next = await page(query, before.next)
      // Another filter was chosen meanwhile.
      if (this.#key() !== key) return
      this.#pages = { key, count: this.#pages.count + 1 }
      this.of.take(joined(this.of.data ?? before, next))
    } catch (error) {
      this.failure = explain(error)
    } finally {
      this.more = false
    }
  }
}

/** A ticket that moved between two pages is shown once. */
export function joined(list: TicketList, next: TicketList): TicketList {
  const known = new Set(list.items.map((ticket) => ticket.id))
  return { items: [...list.items, ...next.items.filter((ticket) => !known.has(ticket.id))], next: next.next }
}
