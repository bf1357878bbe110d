/** The outbox as screens use it: keep something, know what waits, be told how it went. */
import type { ProblemDocument } from '../api/problem'
import type { AttendanceOut, PhotoReceipt, TicketDetail } from '../api/types'
import { session } from '../session/session.svelte'
import { deviceId } from '../storage/database'
import type { About, Item, Kind } from './items'
import * as make from './make'
import { listen, tell } from './news'
import type { Flushed } from './sender'
import * as store from './store'

export { NotSaved } from './store'

interface Receipts { 'check-in': AttendanceOut; 'check-out': AttendanceOut; photo: PhotoReceipt; ticket: TicketDetail; 'ticket-act': TicketDetail }

/** How it went with something kept. In each case it is safe: on the phone or on the server. */
export type Result<R> =
  | { state: 'delivered'; receipt: R }
  /** On the phone, and sent as soon as it can be. */
  | { state: 'saved' }
  /** The server said no; it stays on the phone until the person decides. */
  | { state: 'needs-you'; problem: ProblemDocument | null }

export interface Kept<R> {
  id: string
  /** Waits for the server's answer, at most `patience` milliseconds (default 6 s), then says `saved`. */
  result: (patience?: number) => Promise<Result<R>>
}

type Body<T, Given extends string> = Omit<T, 'id' | Given>

/** Keeping is here and never waits for a chunk; sending comes when there is something to send. */
const engine = async () => (await import('./engine')).engine
/** When sending itself broke (its chunk, the store): once more after this, milliseconds. */
const ANEW = 30_000

class Outbox {
  items = $state.raw<Item[]>([])
  sending = $state(false)
  mine = $derived(this.items.filter((item) => item.author === session.me?.id))
  /** Kept by somebody else who used this phone; sent when they sign in again. */
  others = $derived(this.items.length - this.mine.length)
  needsYou = $derived(this.mine.filter((item) => item.state === 'needs-you').length)
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Follow the queue and send it whenever there is a chance. Called once by the app; returns how to stop. */
  start(): () => void {
    const stop = listen(() => void this.#look())
    const chance = () => void this.hurry()
    const shown = () => document.visibilityState === 'visible' && chance()
    addEventListener('online', chance)
    addEventListener('pageshow', chance)
    document.addEventListener('visibilitychange', shown)
    void this.#look()
    chance()
    return () => {
      stop()
      clearTimeout(this.#timer)
      removeEventListener('online', chance)
      removeEventListener('pageshow', chance)
      document.removeEventListener('visibilitychange', shown)
    }
  }

  /** There is a chance: what waited for the network need not wait longer. */
  async hurry(): Promise<void> {
    await this.#attempt(async () => (await engine()).hurry())
    await this.flush()
  }

  async flush(): Promise<void> {
    let flushed: Flushed | null = null
    await this.#attempt(async () => {
      if ((await store.all()).length === 0) return
      this.sending = true
      flushed = await (await engine()).flush()
    })
    this.sending = false
    await this.#look()
    const { outcome, nextAt } = (flushed as Flushed | null) ?? { outcome: 'waiting', nextAt: this.items.length ? Date.now() + ANEW : null }
    clearTimeout(this.#timer)
    if (nextAt !== null) this.#timer = setTimeout(() => void this.flush(), Math.max(1_000, nextAt - Date.now()))
    if (outcome === 'signed-out' && session.state === 'in') await session.expire()
  }

  again = async (id: string): Promise<void> => {
    await (await engine()).again(id)
    await this.flush()
  }

  /** Returns how to undo it. */
  remove = async (id: string): Promise<(() => Promise<void>) | null> => {
    const removed = await store.remove(id)
    tell()
    if (!removed) return null
    return async () => {
      await store.putBack(removed)
      tell()
      void this.flush()
    }
  }

  async checkIn(body: Body<import('../api/types').CheckIn, 'sent_at' | 'device'>, about: About): Promise<Kept<AttendanceOut>> {
    const id = crypto.randomUUID()
    return this.#keep<'check-in'>([{ item: make.checkIn({ ...body, id, device: await deviceId() }, this.#made(about)) }], id)
  }

  /** Waits for its check-in when that has not gone yet. */
  async checkOut(body: Body<import('../api/types').CheckOut, 'sent_at' | 'device'>, about: About): Promise<Kept<AttendanceOut>> {
    const id = crypto.randomUUID()
    const dependsOn = body.attendance ? [body.attendance] : this.mine.filter((item) => item.kind === 'check-in').map((item) => item.id)
    return this.#keep<'check-out'>([{ item: make.checkOut({ ...body, id, device: await deviceId() }, this.#made(about, dependsOn)) }], id)
  }

  /** A ticket with its photos, kept in one transaction: all or none. */
  async ticket(neighbourhood: string, body: Body<import('../api/types').OpenTicket, 'photos' | 'sent_at' | 'attendance'>, photos: Blob[], about: About): Promise<Kept<TicketDetail>> {
    const id = crypto.randomUUID()
    const pictures = await this.#pictures(photos, about)
    const item = make.ticket(neighbourhood, { ...body, id, photos: pictures.map((one) => one.item.id) }, this.#made(about, pictures.map((one) => one.item.id)))
    return this.#keep<'ticket'>([...pictures, { item }], id)
  }

  /** An act on a ticket. Waits for the ticket and earlier acts on it when they have not gone yet: then without the version, which they change. */
  async ticketAct({ id: ticket, version }: { id: string; version: number | null }, act: make.TicketAct, body: Record<string, unknown>, photos: Blob[], about: About): Promise<Kept<TicketDetail>> {
    const pictures = await this.#pictures(photos, about)
    const before = this.mine.filter((item) => item.id === ticket || (item.kind === 'ticket-act' && item.url.includes(ticket))).map((item) => item.id)
    const full = pictures.length ? { ...body, photos: pictures.map((one) => one.item.id) } : body
    const item = make.ticketAct(ticket, act, full, before.length ? null : version, this.#made(about, [...pictures.map((one) => one.item.id), ...before]))
    return this.#keep<'ticket-act'>([...pictures, { item }], item.id)
  }

  async content(id: string): Promise<ArrayBuffer | undefined> {
    return store.content(id)
  }

  #made(about: About, dependsOn: string[] = []): make.Made {
    const author = session.me?.id
    if (!author) throw new store.NotSaved('nobody is signed in')
    return { author, about, now: new Date(), dependsOn }
  }

  async #pictures(photos: Blob[], about: About): Promise<{ item: Item; bytes: ArrayBuffer }[]> {
    return Promise.all(
      photos.map(async (blob) => {
        const bytes = await blob.arrayBuffer()
        return { item: make.photo(crypto.randomUUID(), { type: blob.type || 'image/jpeg', size: bytes.byteLength, sha256: await make.sha256(bytes) }, this.#made(about)), bytes }
      }),
    )
  }

  /** Resolves when it is on disk; throws NotSaved when it is not. */
  async #keep<K extends Kind>(items: { item: Item; bytes?: ArrayBuffer }[], id: string): Promise<Kept<Receipts[K]>> {
    await store.keep(items)
    tell()
    // Ask not to be evicted, and to be woken when the network is back. Both are favours, not needs.
    void navigator.storage?.persist?.().catch(() => false)
    void navigator.serviceWorker?.ready.then((worker) => (worker as ServiceWorkerRegistration & { sync?: { register: (tag: string) => Promise<void> } }).sync?.register('mingxun-outbox')).catch(() => undefined)
    void this.flush()
    return { id, result: (patience = 6_000) => this.#result<Receipts[K]>(id, patience) }
  }

  async #result<R>(id: string, patience: number): Promise<Result<R>> {
    const end = Date.now() + patience
    for (;;) {
      const receipt = await store.receiptOf(id)
      if (receipt) return { state: 'delivered', receipt: receipt.receipt as R }
      const item = (await store.all()).find((one) => one.id === id)
      if (item?.state === 'needs-you') return { state: 'needs-you', problem: item.setback?.why === 'problem' ? item.setback.problem : null }
      const rest = end - Date.now()
      // Tried and not got through: the person need not wait for the rest.
      if (rest <= 0 || !navigator.onLine || item?.setback) return { state: 'saved' }
      await new Promise<void>((resolve) => {
        const stop = listen(done)
        const timer = setTimeout(done, rest)
        function done() {
          stop()
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** What breaks here is tried again later: nothing is lost by it, since what waits stays where it is. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch {
      this.sending = false
    }
  }

  async #look(): Promise<void> {
    this.items = await store.all().catch(() => this.items)
  }
}

export const outbox = new Outbox()
