/** Refusals of planning in words that say what to do. */
import { explain } from '../api/explain'
import { Refused } from '../api/problem'
import type { NeedRole, SignUpRefusal } from '../api/types'
import { needWords } from '../i18n/kinds'
import { listed } from '../i18n/lists'
import { when } from '../i18n/times'
import { t } from './trouble-words'

// Extension members of problems, which the contract does not name: the Structs in the server's `shifts/schemas.py`.
interface Conflict { shift: string | null; title: string | null; starts_at: string; ends_at: string }
interface PersonConflict extends Conflict { person: string; name: string }
interface NeedBelowTaken { need: string; role: NeedRole; taken: number; maximum: number; excess: number }
type Fault = 'ends_too_early' | 'too_long' | 'too_far_ahead' | 'needs_out_of_order' | 'need_unknown'

export interface Trouble {
  title: string
  lines: string[]
  /** What helps: load the shift again, or take people off it first. */
  way: 'reload' | 'people' | null
}

/** What `createShift`, `updateShift` and `cancelShift` refuse. */
export function troubleOf(error: unknown, title: string): Trouble {
  if (!(error instanceof Refused)) return { title, lines: [explain(error)], way: null }
  const problem = error.problem
  switch (error.slug) {
    case 'shift-invalid': {
      const { reasons = [], needs = [] } = problem as { reasons?: Fault[]; needs?: number[] }
      const which = needs.length ? t.whichNeeds(listed(needs.map((index) => String(index + 1)))) : ''
      return { title, lines: [...reasons.map((reason) => t.faults[reason]), which].filter(Boolean), way: reasons.includes('need_unknown') ? 'reload' : null }
    }
    case 'needs-below-taken': {
      const { needs = [] } = problem as { needs?: NeedBelowTaken[] }
      return { title: t.belowTitle, lines: needs.map((need) => t.below(needWords[need.role], need.taken, need.maximum, need.excess)), way: 'people' }
    }
    case 'shift-change-conflicts': {
      const { conflicts = [] } = problem as { conflicts?: PersonConflict[] }
      return { title: t.conflictsTitle, lines: [...conflicts.map((one) => clash(one.name, one)), t.conflictsText], way: 'people' }
    }
    case 'shift-changed':
    case 'shift-closed':
      return { title, lines: [explain(error)], way: 'reload' }
    default:
      return { title, lines: [explain(error)], way: null }
  }
}

export interface AssignTrouble {
  lines: string[]
  /** The shift in the way, if it can be seen. */
  other: string | null
  /** The record may lack what they have. */
  record: boolean
  /** There could be more places. */
  places: boolean
}

const clash = (name: string, other: Conflict): string =>
  other.title ? t.overlaps(name, when(other.starts_at, other.ends_at), other.title) : t.overlapsElsewhere(name, when(other.starts_at, other.ends_at))

/** Why somebody can't be put on a shift: every reason at once. */
export function assignTrouble(error: unknown, name: string): AssignTrouble {
  const plain: AssignTrouble = { lines: [], other: null, record: false, places: false }
  if (!(error instanceof Refused) || error.slug !== 'sign-up-refused') return { ...plain, lines: [error instanceof Refused && error.slug === 'not-found' ? t.notHere(name) : explain(error)] }
  const { reasons = [], conflict = null, missing = [] } = error.problem as { reasons?: SignUpRefusal[]; conflict?: Conflict | null; missing?: NeedRole[] }
  const words: Record<SignUpRefusal, string> = {
    started: t.ended,
    ended: t.ended,
    cancelled: t.wasCancelled,
    already_in: t.alreadyIn(name),
    overlaps: conflict ? clash(name, conflict) : t.overlapsSomewhere(name),
    no_fitting_need: t.noFit(name, missing.length ? listed(missing.map((role) => needWords[role])) : ''),
    full: t.full,
  }
  return { lines: reasons.map((reason) => words[reason]), other: conflict?.shift ?? null, record: reasons.includes('no_fitting_need'), places: reasons.includes('full') }
}
