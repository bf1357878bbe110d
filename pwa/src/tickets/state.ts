import type { TicketOut, TicketState } from '../api/types'
import { t } from './words'

/** How a ticket stands, in a word or two. */
export function stateWord(ticket: Pick<TicketOut, 'state' | 'party'>): string {
  if (ticket.party === null && ticket.state !== 'verified') return t.waitsParty
  return stateName(ticket.state)
}

export function stateName(state: TicketState): string {
  return { open: t.waitsClaim, claimed: t.claimed, declined: t.declined, resolved: t.resolved, verified: t.verified }[state]
}

/** The place as people say it; '' when none was given. */
export function placeOf(ticket: Pick<TicketOut, 'location_name' | 'area_name' | 'whereabouts'>): string {
  return [ticket.location_name ?? ticket.area_name, ticket.whereabouts].filter(Boolean).join(' ')
}
