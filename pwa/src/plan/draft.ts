/** A shift as it stands in the form, and what the contract makes of it. Pure. */
import type { NeedRole, Schema, ShiftDetail, ShiftKind } from '../api/types'
import { fieldDate, fieldTime, fromFields } from '../i18n/times'

type NeedIn = Schema<'NeedIn'>
type CreateShift = Schema<'CreateShift'>
type UpdateShift = Schema<'UpdateShift'>

export type Bound = 'minimum' | 'desired' | 'maximum'
export interface NeedDraft {
  /** Of the form, so that rows keep their place. */
  key: number
  /** Of a need that stands already. */
  id: string | null
  role: NeedRole
  minimum: number
  desired: number
  maximum: number
}
export interface Place { id: string; name: string; plate: string }
export interface Draft {
  kind: ShiftKind
  title: string
  /** Nobody has typed a title: it follows the kind. */
  follows: boolean
  place: Place | null
  day: string
  from: string
  to: string
  needs: NeedDraft[]
  note: string
  supports: boolean
}

export const MOST_NEEDS = 8
export const MOST_PLACES = 500

interface Custom { from: string; to: string; needs: [NeedRole, number, number, number][]; supports: boolean }
/** What a shift of this kind mostly looks like, so that planning one is mostly choosing where. Suggestions: every one can be changed. */
const CUSTOMS: Record<ShiftKind, Custom> = {
  patrol: { from: '14:00', to: '16:00', needs: [['anyone', 2, 4, 6]], supports: true },
  pioneer_post: { from: '15:00', to: '17:00', needs: [['party_member', 1, 2, 3]], supports: false },
  typhoon_flood: { from: '18:00', to: '22:00', needs: [['anyone', 3, 6, 10], ['first_aid', 0, 1, 2]], supports: true },
  hot_weather: { from: '9:00', to: '11:00', needs: [['anyone', 2, 3, 5], ['first_aid', 0, 1, 1]], supports: false },
  cold_weather: { from: '9:00', to: '11:00', needs: [['anyone', 2, 3, 5]], supports: false },
  public_space: { from: '9:00', to: '11:00', needs: [['anyone', 1, 2, 4]], supports: true },
  waste_sorting: { from: '7:00', to: '9:00', needs: [['anyone', 1, 2, 3]], supports: true },
  garden: { from: '7:00', to: '8:30', needs: [['anyone', 1, 2, 4]], supports: false },
}

let keys = 0
export function newNeed(role: NeedRole, minimum = 0, desired = 1, maximum = 2, id: string | null = null): NeedDraft {
  return { key: keys++, id, role, minimum, desired, maximum }
}

const padded = (time: string): string => time.padStart(5, '0')

export function customary(kind: ShiftKind): Pick<Draft, 'from' | 'to' | 'needs' | 'supports'> {
  const { from, to, needs, supports } = CUSTOMS[kind]
  return { from: padded(from), to: padded(to), needs: needs.map((need) => newNeed(...need)), supports }
}

export function newDraft(kind: ShiftKind, title: string, day: string, place: Place | null): Draft {
  return { kind, title, follows: true, place, day, note: '', ...customary(kind) }
}

/** Another kind brings its title, times and numbers as long as nobody has changed those of the one before. */
export function withKind(draft: Draft, kind: ShiftKind, title: string): Draft {
  const before = CUSTOMS[draft.kind]
  const untouched = {
    times: draft.from === padded(before.from) && draft.to === padded(before.to),
    needs: draft.needs.length === before.needs.length && draft.needs.every((need, index) => String([need.role, need.minimum, need.desired, need.maximum]) === String(before.needs[index])),
    supports: draft.supports === before.supports,
  }
  const next = customary(kind)
  return {
    ...draft,
    kind,
    title: draft.follows ? title : draft.title,
    ...(untouched.times ? { from: next.from, to: next.to } : {}),
    ...(untouched.needs ? { needs: next.needs } : {}),
    ...(untouched.supports ? { supports: next.supports } : {}),
  }
}

/** A bound moved: the others give way, so that minimum ≤ desired ≤ maximum always holds. */
export function moved(need: NeedDraft, bound: Bound, to: number): NeedDraft {
  const value = Math.min(MOST_PLACES, Math.max(bound === 'maximum' ? 1 : 0, to))
  if (bound === 'minimum') return { ...need, minimum: value, desired: Math.max(need.desired, value), maximum: Math.max(need.maximum, value) }
  if (bound === 'desired') return { ...need, minimum: Math.min(need.minimum, value), desired: value, maximum: Math.max(need.maximum, value) }
  return { ...need, minimum: Math.min(need.minimum, value), desired: Math.min(need.desired, value), maximum: value }
}

/** From–to as instants; an end at or before the start is the next day's. Null when a field says no time. */
export function instants({ day, from, to }: Pick<Draft, 'day' | 'from' | 'to'>): { starts_at: string; ends_at: string } | null {
  const start = fromFields(day, from)
  const end = fromFields(day, to)
  if (!start || !end) return null
  const later = Date.parse(end) > Date.parse(start) ? Date.parse(end) : Date.parse(end) + 24 * 60 * 60_000
  return { starts_at: start, ends_at: new Date(later).toISOString() }
}

export type Fault = 'title' | 'place' | 'time'
/** What is missing before it can be sent. */
export function faults(draft: Draft): Fault[] {
  return [draft.title.trim() ? null : 'title', draft.place ? null : 'place', instants(draft) ? null : 'time'].filter((fault): fault is Fault => fault !== null)
}

const needsOf = (needs: readonly NeedDraft[]): NeedIn[] =>
  needs.map(({ id, role, minimum, desired, maximum }) => ({ ...(id ? { id } : {}), role, minimum, desired, maximum }))

/** For a draft without faults. */
export function creation(draft: Draft): CreateShift | null {
  const times = instants(draft)
  if (!times || !draft.place) return null
  return { kind: draft.kind, title: draft.title.trim(), location: draft.place.id, ...times, note: draft.note.trim(), supports_property: draft.supports, needs: needsOf(draft.needs) }
}

export function draftOf(shift: ShiftDetail): Draft {
  return {
    kind: shift.kind,
    title: shift.title,
    follows: false,
    place: { id: shift.location, name: shift.location_name, plate: shift.plate },
    day: fieldDate(shift.starts_at),
    from: fieldTime(shift.starts_at),
    to: fieldTime(shift.ends_at),
    // A need that takes nobody any more stays on the server as a trace only.
    needs: shift.needs.filter((need) => need.maximum > 0).map((need) => newNeed(need.role, need.minimum, need.desired, need.maximum, need.id)),
    note: shift.note,
    supports: shift.supports_property,
  }
}

/** Only what differs from the shift as it was loaded; null when nothing does. */
export function changes(shift: ShiftDetail, draft: Draft): UpdateShift | null {
  const before = draftOf(shift)
  const times = instants(draft)
  const found: UpdateShift = {}
  if (draft.title.trim() !== before.title) found.title = draft.title.trim()
  if (draft.place && draft.place.id !== shift.location) found.location = draft.place.id
  if (times && (draft.day !== before.day || draft.from !== before.from || draft.to !== before.to)) Object.assign(found, times)
  if (draft.note.trim() !== before.note) found.note = draft.note.trim()
  if (JSON.stringify(needsOf(draft.needs)) !== JSON.stringify(needsOf(before.needs))) found.needs = needsOf(draft.needs)
  return Object.keys(found).length > 0 ? { ...found, version: shift.version } : null
}
