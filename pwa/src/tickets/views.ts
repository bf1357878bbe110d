/** What a person may choose to see in the list, by what they do. Pure. */
import type { ListQuery } from './lists.svelte'

export type ViewKey = 'mine-todo' | 'mine-finished' | 'active' | 'overdue' | 'declined' | 'verify' | 'done' | 'here' | 'opened'
export interface View { key: ViewKey; query: ListQuery }

/** In place of a party: the tickets that no party has. */
export const NOBODY = 'nobody'

const AT_WORK = ['open', 'declined', 'claimed'] as const

export interface Who { plans: boolean; leads: boolean; serves: boolean; handles: boolean }

/** The first is shown first. `party` is the one that a handler looks for. */
export function viewsFor(who: Who, party: string | null): View[] {
  const views: View[] = []
  if (who.handles && party) views.push({ key: 'mine-todo', query: { state: ['open', 'claimed'], party, order: 'deadline' } })
  if (who.plans) {
    views.push(
      { key: 'active', query: { state: [...AT_WORK], order: 'deadline' } },
      { key: 'overdue', query: { overdue: true, order: 'deadline' } },
      { key: 'declined', query: { state: ['declined'], order: 'deadline' } },
      { key: 'verify', query: { state: ['resolved'], order: 'newest' } },
      { key: 'done', query: { state: ['verified'], order: 'newest' } },
    )
  } else if (who.serves) {
    views.push({ key: 'verify', query: toVerify(who) }, { key: 'here', query: { state: [...AT_WORK], order: 'deadline' } })
  }
  if (who.handles && party) views.push({ key: 'mine-finished', query: { state: ['resolved', 'verified'], party, order: 'newest' } })
  if (!who.plans) views.push({ key: 'opened', query: { mine: true, order: 'newest' } })
  return views
}

/** What waits for this person's eyes: a leader may look at anything, others at what they reported. */
export function toVerify(who: Pick<Who, 'leads'>): ListQuery {
  return who.leads ? { state: ['resolved'], order: 'newest' } : { state: ['resolved'], mine: true, order: 'newest' }
}

export const AT_WORK_HERE: ListQuery = { state: [...AT_WORK], order: 'deadline' }
