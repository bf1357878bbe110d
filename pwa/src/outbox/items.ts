/** What waits in the outbox, and what counts as the server's receipt for it. Pure: shared by tabs and service worker. */
import type { ProblemDocument } from '../api/problem'

export type Kind = 'check-in' | 'check-out' | 'photo' | 'ticket' | 'ticket-act'

/** For the phone: what it was about, in the field’s words (a place, one sentence), and which place that is. Never sent. */
export interface About { what?: string; place?: string; act?: string; location?: string; plate?: string }

/** Why the last try did not go through. `problem` is the server's own; the others happened on the way. */
export type Setback =
  | { why: 'problem'; problem: ProblemDocument }
  /** An answer without a problem document: a proxy, a hotel's sign-in page, a server in trouble. */
  | { why: 'status'; status: number }
  | { why: 'unreachable' }
  /** A success whose body is not the receipt for this item. */
  | { why: 'no-receipt' }
  /** The phone has lost the bytes of this photo (the browser made room, or they were cut). */
  | { why: 'no-content' }

export interface Item {
  /** Order of sending; given by the store. */
  seq?: number
  /** Version of this shape: old ones are read for ever. */
  v: 1
  /** Equals the id in the body wherever the body has one. */
  id: string
  kind: Kind
  method: 'POST' | 'PUT'
  url: string
  body: Record<string, unknown> | null
  /** A photo's bytes are in the store `contents` under the same id. */
  content: { type: string; size: number; sha256: string } | null
  /**
   * None for check-ins, check-outs, tickets (`sent_at` makes each body another) and photos: their own id makes them
   * retryable. A ticket of an older version has one, and goes as it was made: the server may know it by its key.
   */
  idempotencyKey: string | null
  /** `If-Match`: the version that the author saw; the server refuses when it has moved on. */
  ifMatch?: string
  about: About
  /** The phone's clock, milliseconds. */
  createdAt: number
  /** The person who made it. Only ever sent as them. */
  author: string
  /** Ids of items that must have gone before. One that is no longer here has gone (or was deleted by its author). */
  dependsOn: string[]
  /** `given-up`: deleted by its author, who can still take that back for a moment. Not shown, not sent. */
  state: 'waiting' | 'needs-you' | 'given-up'
  /** When it was given up, and what it was before. */
  givenUp?: { at: number; from: 'waiting' | 'needs-you' }
  /** How often it failed by itself. Times without any network don't count: they say nothing of this item. */
  tries: number
  /** Not before this, milliseconds of the phone's clock. */
  nextTryAt: number
  setback: Setback | null
}

/** `read`: the person has seen that it says something unexpected. */
export interface Receipt { id: string; kind: Kind; author: string; at: number; receipt: unknown; read?: boolean }

const field = (value: unknown, key: string): unknown => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined)

/** Whether `receipt` is the server's word for this very item. Nothing else lets an item leave the phone. */
export function confirms(item: Item, receipt: unknown): boolean {
  const id = field(receipt, 'id')
  // A second scan is answered with the stay that the first one began, whose id is another.
  const ownStay = typeof id === 'string' && field(receipt, 'person') === item.author && field(receipt, 'arrived') != null
  switch (item.kind) {
    case 'photo':
      return id === item.id && field(receipt, 'sha256') === item.content?.sha256
    case 'check-in':
      return id === item.body?.id || ownStay
    case 'ticket':
      return id === item.body?.id
    case 'check-out': {
      const attendance = item.body?.attendance
      return typeof id === 'string' && field(receipt, 'left') != null && (attendance == null || attendance === id || ownStay)
    }
    case 'ticket-act':
      return typeof id === 'string' && item.url.split('/').includes(id)
  }
}

/** The body as it goes out now. What has a time of the phone's tells the phone's clock at this very sending, too. */
export function completed(item: Item, now: Date): Record<string, unknown> | null {
  const timed = item.kind === 'check-in' || item.kind === 'check-out' || item.kind === 'ticket'
  return timed && item.idempotencyKey === null ? { ...item.body, sent_at: now.toISOString() } : item.body
}

/** RFC 9530: lets the server refuse bytes that were cut or changed on their way. */
export function contentDigest(sha256: string): string {
  const bytes = sha256.match(/../g)?.map((pair) => String.fromCharCode(parseInt(pair, 16))) ?? []
  return `sha-256=:${btoa(bytes.join(''))}:`
}

const FIRST_WAIT = 2_000
const LONGEST_WAIT = 15 * 60_000
/** Nothing waits longer. A time further ahead than that was set by a clock that has been put right since. */
const LONGEST_PAUSE = 60 * 60_000

/** How long to wait before try `tries + 1`, in milliseconds. `spread` in [0, 1) keeps phones from coming back all at once. */
export function backOff(tries: number, spread: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(tries, 12)) * (0.75 + spread / 2)
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110, 10.2.3); null when there is none that makes sense. */
export function retryAfter(header: string | null, now: Date): number | null {
  if (!header) return null
  const seconds = Number(header)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now.getTime()
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST_PAUSE) : null
}

const dueAt = (item: Item, now: number): number => (item.nextTryAt > now + LONGEST_PAUSE ? now : item.nextTryAt)
/** Nobody answered it the last time: among equals, others go first. */
const unheard = (item: Item): number => (item.setback?.why === 'unreachable' ? 1 : 0)

/** Whether `item` has to wait for `before`, which it stands on and which is still on the phone. */
function waitsFor(item: Item, before: Item): boolean {
  // A report is worth having whatever becomes of the check-in (queues of older apps name it).
  if (item.kind === 'ticket' && before.kind === 'check-in') return false
  // Who leaves without saying what: after the check-ins that are on their way, not after those that the server refused.
  if (item.kind === 'check-out' && item.body?.attendance == null) return before.state !== 'needs-you'
  return true
}

/** Those of `author` that may go as far as their forerunners are concerned, by their age. */
function free(items: readonly Item[], author: string): Item[] {
  const here = new Map(items.map((item) => [item.id, item]))
  const held = (item: Item) => item.dependsOn.some((id) => {
    const before = here.get(id)
    return before !== undefined && waitsFor(item, before)
  })
  return items.filter((item) => item.author === author && item.state === 'waiting' && !held(item))
}

/**
 * The next item to send of those that are due: who is present and what happened before pictures, which take long; then what failed
 * least, so that one that never gets through holds nothing back; then the oldest.
 */
export function nextDue(items: readonly Item[], author: string, now: number, passed?: ReadonlySet<string>): Item | undefined {
  const urgent = new Set(items.filter((item) => item.kind === 'ticket' && item.body?.urgency === 'urgent').flatMap((item) => item.dependsOn))
  const rank = (item: Item) => (item.kind !== 'photo' ? 0 : urgent.has(item.id) ? 1 : 2)
  return free(items, author)
    .filter((item) => dueAt(item, now) <= now && !passed?.has(item.id))
    .sort((a, b) => rank(a) - rank(b) || a.tries - b.tries || unheard(a) - unheard(b) || (a.seq ?? 0) - (b.seq ?? 0))[0]
}

/** When something becomes due, milliseconds of the phone's clock; null when nothing will by itself. */
export function nextDueAt(items: readonly Item[], author: string, now: number): number | null {
  const times = free(items, author).map((item) => dueAt(item, now))
  return times.length ? Math.min(...times) : null
}
