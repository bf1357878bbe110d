/** Which act is the main one of a ticket now. Pure. */
import type { Act, TicketOut } from '../api/types'

/** The act under the thumb; null when nothing waits for this reader. The others stand below the trail. */
export function dockedMain(ticket: Pick<TicketOut, 'party' | 'state'>, acts: readonly Act[]): Act | null {
  for (const act of ['claim', 'resolve', 'verify'] as const) if (acts.includes(act)) return act
  // A ticket that nobody has is a coordinator's to give away.
  if (acts.includes('hand_over') && (ticket.party === null || ticket.state === 'declined')) return 'hand_over'
  return null
}

/** What stands beside the main act, because it is the other answer to the same question. */
const BESIDE: Partial<Record<Act, Act>> = { claim: 'decline', verify: 'reopen' }

export function besideMain(main: Act | null, acts: readonly Act[]): Act | null {
  const beside = main ? BESIDE[main] : undefined
  return beside && acts.includes(beside) ? beside : null
}

export function otherActs(ticket: Pick<TicketOut, 'party' | 'state'>, acts: readonly Act[]): Act[] {
  const main = dockedMain(ticket, acts)
  const beside = besideMain(main, acts)
  return acts.filter((act) => act !== main && act !== beside)
}
