/** Makes items. The id in the body is the item's own, so that a second sending is the same thing. */
import type { About, Item } from './items'

const base = (id: string, author: string, about: About, now: Date, dependsOn: string[]) =>
  ({ v: 1, id, author, about, createdAt: now.getTime(), dependsOn, state: 'waiting', tries: 0, nextTryAt: 0, setback: null }) as const

export interface Made { author: string; about: About; now: Date; dependsOn?: string[] }

export function checkIn(body: { id: string } & Record<string, unknown>, { author, about, now, dependsOn = [] }: Made): Item {
  return { ...base(body.id, author, about, now, dependsOn), kind: 'check-in', method: 'POST', url: '/api/check-ins', body, content: null, idempotencyKey: null }
}

export function checkOut(body: { id: string } & Record<string, unknown>, { author, about, now, dependsOn = [] }: Made): Item {
  return { ...base(body.id, author, about, now, dependsOn), kind: 'check-out', method: 'POST', url: '/api/check-outs', body, content: null, idempotencyKey: null }
}

export function photo(id: string, content: { type: string; size: number; sha256: string }, { author, about, now, dependsOn = [] }: Made): Item {
  return { ...base(id, author, about, now, dependsOn), kind: 'photo', method: 'PUT', url: `/api/photos/${id}`, body: null, content, idempotencyKey: null }
}

export function ticket(neighbourhood: string, body: { id: string } & Record<string, unknown>, { author, about, now, dependsOn = [] }: Made): Item {
  return { ...base(body.id, author, about, now, dependsOn), kind: 'ticket', method: 'POST', url: `/api/neighbourhoods/${neighbourhood}/tickets`, body, content: null, idempotencyKey: null }
}

export type TicketAct = 'claim' | 'decline' | 'hand-over' | 'resolution' | 'verification' | 'reopening'

/** `version` is that of the ticket as it was seen; none when it has not been sent yet. */
export function ticketAct(ticketId: string, act: TicketAct, body: Record<string, unknown>, version: number | null, { author, about, now, dependsOn = [] }: Made, id: string = crypto.randomUUID()): Item {
  return { ...base(id, author, { act, ...about }, now, dependsOn), kind: 'ticket-act', method: 'POST', url: `/api/tickets/${ticketId}/${act}`, body, content: null, idempotencyKey: crypto.randomUUID(), ...(version === null ? {} : { ifMatch: `"${version}"` }) }
}

/** SHA-256 in hexadecimal, as the photo's receipt has it. */
export async function sha256(bytes: ArrayBuffer): Promise<string> {
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
