/** The stops of a ticket's line: what happened, then who must act. Pure. */
import type { TicketDetail } from '../api/types'

type Event = TicketDetail['timeline'][number]
export interface Happened { key: string; todo?: false; event: Event }
export interface Todo {
  key: string
  todo: true
  what: 'claim' | 'hand_over' | 'resolve' | 'verify'
  /** The reader may do it now. */
  you: boolean
  /** Comes after another step that is still to come. */
  later: boolean
}
export type Step = Happened | Todo

const COMING: Record<TicketDetail['state'], Todo['what'][]> = {
  open: ['claim'],
  declined: ['hand_over'],
  claimed: ['resolve', 'verify'],
  resolved: ['verify'],
  verified: [],
}

export function stepsOf(ticket: Pick<TicketDetail, 'timeline' | 'state' | 'acts' | 'party'>): Step[] {
  const coming = ticket.state === 'open' && ticket.party === null ? (['hand_over'] as const) : COMING[ticket.state]
  return [
    ...ticket.timeline.map((event, index): Happened => ({ key: `${index} ${event.kind}`, event })),
    ...coming.map((what, index): Todo => ({ key: what, todo: true, what, you: index === 0 && ticket.acts.includes(what), later: index > 0 })),
  ]
}

/** The photos of the last time somebody said that it is mended; none when it was opened anew since. */
export function afterPhotos(ticket: Pick<TicketDetail, 'timeline' | 'state'>): Event['photos'] {
  if (ticket.state !== 'resolved' && ticket.state !== 'verified') return []
  return ticket.timeline.findLast((event) => event.kind === 'resolved')?.photos ?? []
}
