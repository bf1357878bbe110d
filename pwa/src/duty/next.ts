/** What is next for a person, and the one button that fits. Pure: what the phone knows and the present in, a card out. */
import type { AttendanceOut, ShiftOut } from '../api/types'
import type { Item } from '../outbox/items'

/** How long before its start a check-in is for a shift, milliseconds. The server has the same (`EARLY_CHECK_IN`). */
export const EARLY = 60 * 60_000

/** Where somebody is checked in, whether the server knows of it or only the phone. */
export interface Stay {
  /** Of the stay, or of the check-in that will begin it: a check-out may name either. */
  id: string
  shift: string | null
  title: string | null
  location: string | null
  place: string
  plate: string | null
  /** Milliseconds. */
  since: number
  /** On the phone only, waiting to be sent. */
  saved: boolean
}

export type NextCard =
  /** Checked in: 签退. */
  | { is: 'here'; stay: Stay; shift: ShiftOut | null }
  /** It begins within the hour, or runs: 扫码签到. */
  | { is: 'due'; shift: ShiftOut; late: boolean }
  /** Promised, and still a while. */
  | { is: 'ahead'; shift: ShiftOut }
  /** Nothing promised, but somebody is needed: 我去. */
  | { is: 'help'; shift: ShiftOut }
  | { is: 'free' }

export interface Known {
  /** My own shifts, by their starts. */
  mine: readonly ShiftOut[]
  /** My stays, the latest first. */
  stays: readonly AttendanceOut[]
  /** The neighbourhood's shifts. */
  open?: readonly ShiftOut[]
  /** My own part of the outbox. */
  waiting: readonly Item[]
}

const time = (at: string): number => Date.parse(at)
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** Where the person is checked in now, as far as the phone knows. */
export function openStay({ mine, stays, waiting }: Known): Stay | null {
  // What the server refused did not happen until the person decides.
  const moves = waiting.filter((item) => (item.kind === 'check-in' || item.kind === 'check-out') && item.state === 'waiting')
  const last = moves.at(-1)
  if (last?.kind === 'check-out') return null
  if (last) {
    const shift = mine.find((one) => one.id === last.body?.shift)
    return {
      id: last.id,
      shift: text(last.body?.shift),
      title: shift?.title ?? null,
      location: shift?.location ?? text(last.about.location),
      place: last.about.place ?? shift?.location_name ?? '',
      plate: shift?.plate ?? last.about.plate ?? null,
      since: Date.parse(String(last.body?.at)),
      saved: true,
    }
  }
  const stay = stays.find((one) => one.left === null)
  if (!stay) return null
  return {
    id: stay.id, shift: stay.shift, title: stay.shift_title, location: stay.location,
    place: stay.location_name, plate: stay.plate, since: time(stay.arrived.at), saved: false,
  }
}

/** Not over, and not cancelled. */
export function stillOn(shift: ShiftOut, now: number): boolean {
  return shift.state === 'open' && time(shift.ends_at) > now
}

/** A check-in at `now` would be for it. */
export function isDue(shift: ShiftOut, now: number): boolean {
  return stillOn(shift, now) && time(shift.starts_at) - now <= EARLY
}

/** Went there and left: nothing is left to do. */
export function served(shift: ShiftOut, { stays, waiting }: Known): boolean {
  if (stays.some((stay) => stay.shift === shift.id && stay.left !== null)) return true
  const arrived = new Set(waiting.filter((item) => item.kind === 'check-in' && item.body?.shift === shift.id).map((item) => item.id))
  for (const stay of stays) if (stay.shift === shift.id) arrived.add(stay.id)
  return waiting.some((item) => item.kind === 'check-out' && item.state === 'waiting' && arrived.has(String(item.body?.attendance)))
}

/** My own shift that overlaps `shift`. */
export function conflictOf(shift: ShiftOut, mine: readonly ShiftOut[]): ShiftOut | null {
  const clash = (one: ShiftOut) => one.id !== shift.id && one.state === 'open' && time(one.starts_at) < time(shift.ends_at) && time(one.ends_at) > time(shift.starts_at)
  return mine.find(clash) ?? null
}

/** How many more are wanted. */
export function lack(shift: Pick<ShiftOut, 'taken' | 'desired'>): number {
  return Math.max(0, shift.desired - shift.taken)
}

/** Shifts that want somebody and that the person could go to, the soonest first. */
export function helpWanted({ open = [], mine }: Pick<Known, 'open' | 'mine'>, now: number): ShiftOut[] {
  return open
    .filter((shift) => shift.state === 'open' && !shift.mine && time(shift.starts_at) > now && lack(shift) > 0 && shift.taken < shift.maximum && !conflictOf(shift, mine))
    .sort((a, b) => time(a.starts_at) - time(b.starts_at) || a.id.localeCompare(b.id))
}

export function nextCard(known: Known, now: number): NextCard {
  const stay = openStay(known)
  if (stay) return { is: 'here', stay, shift: known.mine.find((one) => one.id === stay.shift) ?? null }
  const shift = known.mine.filter((one) => stillOn(one, now) && !served(one, known)).sort((a, b) => time(a.starts_at) - time(b.starts_at))[0]
  if (shift) return isDue(shift, now) ? { is: 'due', shift, late: time(shift.starts_at) < now } : { is: 'ahead', shift }
  const help = helpWanted(known, now)[0]
  return help ? { is: 'help', shift: help } : { is: 'free' }
}

/** My own shift at a place for which a check-in at `now` would be: the running one first, then the next. */
export function shiftAt(location: string, mine: readonly ShiftOut[], now: number): ShiftOut | null {
  return mine.filter((one) => one.location === location && isDue(one, now)).sort((a, b) => time(a.starts_at) - time(b.starts_at))[0] ?? null
}
