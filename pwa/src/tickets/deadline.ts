/** How much time a ticket has left, as lists and the ticket show it. Pure. */
import type { TicketDetail, TicketOut } from '../api/types'

/** Under this it is urgent although it has not passed: an hour. */
const SOON = 60 * 60_000

export interface Standing {
  /** Which time is said. A time to claim is said only once it has passed: lists are in the order of the time to resolve. */
  of: 'claim' | 'resolve'
  by: string
  over: boolean
  /** Shown turned over. */
  urgent: boolean
}

type Timed = Pick<TicketOut, 'claim_by' | 'resolve_by'>

/** Null when no time runs (resolved, verified). */
export function standing(ticket: Timed, now: Date): Standing | null {
  const past = (by: string | null): by is string => by !== null && new Date(by).getTime() < now.getTime()
  if (past(ticket.resolve_by)) return { of: 'resolve', by: ticket.resolve_by, over: true, urgent: true }
  if (past(ticket.claim_by)) return { of: 'claim', by: ticket.claim_by, over: true, urgent: true }
  if (ticket.resolve_by === null) return null
  return { of: 'resolve', by: ticket.resolve_by, over: false, urgent: new Date(ticket.resolve_by).getTime() - now.getTime() < SOON }
}

/** Milliseconds between the last time the ticket was given to its party and `resolve_by`: the whole of the meter. */
export function allowance(ticket: Pick<TicketDetail, 'resolve_by' | 'timeline' | 'opened_at'>): number | null {
  if (ticket.resolve_by === null) return null
  const given = ticket.timeline.findLast((step) => ['opened', 'handed_over', 'reopened'].includes(step.kind))
  return new Date(ticket.resolve_by).getTime() - new Date(given?.at ?? ticket.opened_at).getTime()
}

/** Of the meter, 0 to 1: what is left. */
export function shareLeft(ticket: Pick<TicketDetail, 'resolve_by' | 'timeline' | 'opened_at'>, now: Date): number {
  const whole = allowance(ticket)
  if (whole === null || ticket.resolve_by === null || whole <= 0) return 0
  return Math.min(1, Math.max(0, (new Date(ticket.resolve_by).getTime() - now.getTime()) / whole))
}
