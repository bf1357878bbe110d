/** A week of shifts by days and places, and how well each is staffed. Pure. */
import type { ShiftOut } from '../api/types'
import { fieldDate } from '../i18n/times'

type Staffed = Pick<ShiftOut, 'state' | 'taken' | 'desired' | 'lacking'>
/** `none`: nobody; `short`: below the minimum of a need; `wanting`: it can begin, more are welcome; `full`: as many as wanted. */
export type Staffing = 'cancelled' | 'none' | 'short' | 'wanting' | 'full'

export function staffing(shift: Staffed): Staffing {
  if (shift.state === 'cancelled') return 'cancelled'
  if (shift.lacking > 0) return shift.taken === 0 ? 'none' : 'short'
  return shift.taken < shift.desired ? 'wanting' : 'full'
}

/** How many are missing to the minimum of each need. */
export function lacking(shift: Staffed): number {
  return shift.state === 'cancelled' ? 0 : shift.lacking
}

export const lackingOf = (shifts: readonly Staffed[]): number => shifts.reduce((sum, shift) => sum + lacking(shift), 0)

export interface Day {
  /** `2026-09-16`, for the address and as an id. */
  key: string
  /** Its midnight. */
  at: Date
  shifts: ShiftOut[]
}

const byStart = (a: ShiftOut, b: ShiftOut) => Date.parse(a.starts_at) - Date.parse(b.starts_at) || a.id.localeCompare(b.id)

/** The days that begin at `midnights`; a shift belongs to the day on which it starts. */
export function daysOf(shifts: readonly ShiftOut[], midnights: readonly Date[]): Day[] {
  const days = midnights.map((at): Day => ({ key: fieldDate(at), at, shifts: [] }))
  for (const shift of shifts) days.find((day) => day.key === fieldDate(shift.starts_at))?.shifts.push(shift)
  for (const day of days) day.shifts.sort(byStart)
  return days
}

export interface PlaceRow { location: string; plate: string; name: string; days: ShiftOut[][] }

/** The week's places by their plates, each with its shifts day by day. */
export function placesOf(days: readonly Day[]): PlaceRow[] {
  const rows = new Map<string, PlaceRow>()
  days.forEach((day, index) => {
    for (const shift of day.shifts) {
      const row = rows.get(shift.location) ?? { location: shift.location, plate: shift.plate, name: shift.location_name, days: days.map(() => []) }
      row.days[index]?.push(shift)
      rows.set(shift.location, row)
    }
  })
  return [...rows.values()].sort((a, b) => a.plate.localeCompare(b.plate, 'en', { numeric: true }) || a.name.localeCompare(b.name, 'zh'))
}
