/** Keep something, and be told how it went. */
import type { ProblemDocument } from '../api/problem'
import type { AttendanceOut, CheckIn, CheckOut, OpenTicket, PhotoReceipt, TicketDetail } from '../api/types'
import { session } from '../session/session.svelte'
import { deviceId } from '../storage/database'
import { keep, NotSaved, writing } from './disk'
import type { About, Item, Kind, Receipt } from './items'
import * as make from './make'
import { listen, tell } from './news'
import { outbox } from './outbox.svelte'
import { all, receiptOf } from './store'

export { NotSaved } from './disk'

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

export async function checkIn(body: Body<CheckIn, 'sent_at' | 'device'>, about: About): Promise<Kept<AttendanceOut>> {
  const id = crypto.randomUUID()
  return keeping<'check-in'>(id, async () => [{ item: make.checkIn({ ...body, id, device: await deviceId() }, made(about)) }])
}

/** Waits for its check-in when that has not gone yet; without a stay to name, for those that are on their way. */
export async function checkOut(body: Body<CheckOut, 'sent_at' | 'device'>, about: About): Promise<Kept<AttendanceOut>> {
  const id = crypto.randomUUID()
  const coming = () => outbox.mine.filter((item) => item.kind === 'check-in' && item.state === 'waiting').map((item) => item.id)
  return keeping<'check-out'>(id, async () => [{ item: make.checkOut({ ...body, id, device: await deviceId() }, made(about, body.attendance ? [body.attendance] : coming())) }])
}

/** A ticket with its photos, kept in one transaction: all or none. It stands on no check-in. */
export async function ticket(neighbourhood: string, body: Body<OpenTicket, 'photos' | 'sent_at' | 'attendance'>, photos: Blob[], about: About): Promise<Kept<TicketDetail>> {
  const id = crypto.randomUUID()
  return keeping<'ticket'>(id, async () => {
    const taken = await pictures(photos, about)
    const shown = taken.map(({ item }) => item.id)
    return [...taken, { item: make.ticket(neighbourhood, { ...body, id, photos: shown }, made(about, shown)) }]
  })
}

/** An act on a ticket. Waits for the ticket and earlier acts on it when they have not gone yet: then without the version, which they change. */
export async function ticketAct({ id: ticket, version }: { id: string; version: number | null }, act: make.TicketAct, body: Record<string, unknown>, photos: Blob[], about: About): Promise<Kept<TicketDetail>> {
  const id = crypto.randomUUID()
  return keeping<'ticket-act'>(id, async () => {
    const taken = await pictures(photos, about)
    const shown = taken.map(({ item }) => item.id)
    const before = outbox.mine.filter((item) => item.id === ticket || (item.kind === 'ticket-act' && item.url.includes(ticket))).map((item) => item.id)
    const full = shown.length ? { ...body, photos: shown } : body
    return [...taken, { item: make.ticketAct(ticket, act, full, before.length ? null : version, made(about, [...shown, ...before]), id) }]
  })
}

function made(about: About, dependsOn: string[] = []): make.Made {
  const author = session.me?.id
  if (!author) throw new NotSaved('nobody is signed in')
  return { author, about, now: new Date(), dependsOn }
}

async function pictures(photos: Blob[], about: About): Promise<{ item: Item; bytes: ArrayBuffer }[]> {
  return Promise.all(
    photos.map(async (blob) => {
      const bytes = await blob.arrayBuffer()
      return { item: make.photo(crypto.randomUUID(), { type: blob.type || 'image/jpeg', size: bytes.byteLength, sha256: await make.sha256(bytes) }, made(about)), bytes }
    }),
  )
}

/** Resolves when what `makes` gives is on disk; throws NotSaved, and nothing else, when it is not. */
async function keeping<K extends Kind>(id: string, makes: () => Promise<{ item: Item; bytes?: ArrayBuffer }[]>): Promise<Kept<Receipts[K]>> {
  await writing(async () => keep(await makes()))
  tell()
  // Ask not to be evicted, and to be woken when the network is back. Both are favours, not needs.
  void navigator.storage?.persist?.().catch(() => false)
  void navigator.serviceWorker?.ready.then((worker) => (worker as ServiceWorkerRegistration & { sync?: { register: (tag: string) => Promise<void> } }).sync?.register('mingxun-outbox')).catch(() => undefined)
  void outbox.flush()
  return { id, result: (patience = 6_000) => result<Receipts[K]>(id, patience) }
}

async function result<R>(id: string, patience: number): Promise<Result<R>> {
  const end = Date.now() + patience
  for (;;) {
    let receipt: Receipt | undefined
    let item: Item | undefined
    try {
      // The item first: when it goes, its receipt is there.
      item = (await all()).find((one) => one.id === id)
      receipt = await receiptOf(id)
    } catch {
      // It was kept; the phone only can't look just now.
      return { state: 'saved' }
    }
    if (receipt) return { state: 'delivered', receipt: receipt.receipt as R }
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
