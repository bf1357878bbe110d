/** What a coordinator should see first of the neighbourhood's present. Pure: the server's answer and the present in, groups out. */
import type { Flag, Schema, TicketOut } from '../api/types'

export type Now = Schema<'NowOut'>
export type ShiftNow = Schema<'ShiftNow'>
export type Expected = Schema<'ExpectedPerson'>
type Attendance = Schema<'AttendanceOut'>
export type Conflict = NonNullable<Attendance['conflict']>

export interface Late { who: Expected; shift: ShiftNow }
export interface Gap {
  shift: ShiftNow
  /** It runs, and nobody is there. */
  nobody: boolean
  /** How many of its minimum have not signed up. */
  lack: number
}
/** Something a person should look at; it is never a reproach. */
export interface Look {
  key: string
  person: string
  name: string
  place: string
  flags: Flag[]
  conflict: Conflict | null
  /** They have no role here any more, and are still on the shift. */
  gone?: boolean
}

export interface Board {
  /** Everyone expected on shifts that have begun. */
  should: number
  came: number
  late: Late[]
  gaps: Gap[]
  looks: Look[]
  running: ShiftNow[]
  soon: ShiftNow[]
  /** Present, and expected on none of these shifts. */
  others: Attendance[]
}

const time = (at: string): number => Date.parse(at)

export function hasBegun(shift: Pick<ShiftNow, 'starts_at'>, at: number): boolean {
  return time(shift.starts_at) <= at
}

/** Late as of `at`: a shift may have begun since the server said `not_yet`. */
export function isLate(who: Pick<Expected, 'presence'>, shift: Pick<ShiftNow, 'starts_at'>, at: number): boolean {
  return who.presence === 'late' || (who.presence === 'not_yet' && hasBegun(shift, at))
}

export function namesHere(shift: ShiftNow): string[] {
  return shift.people.filter((who) => who.presence === 'here').map((who) => who.name)
}

/** How many dots a post has: those expected, at least its minimum. */
export function wanted(shift: ShiftNow): number {
  return Math.max(shift.taken, shift.minimum)
}

export function board(now: Now, at: number): Board {
  const shifts = now.shifts.filter((shift) => time(shift.ends_at) > at)
  const running = shifts.filter((shift) => hasBegun(shift, at))
  const late = running.flatMap((shift) => shift.people.filter((who) => isLate(who, shift, at)).map((who) => ({ who, shift })))
  const gaps = shifts
    .map((shift) => ({ shift, nobody: hasBegun(shift, at) && shift.here === 0, lack: shift.lacking }))
    .filter((gap) => gap.nobody || gap.lack > 0)
    .sort((a, b) => Number(b.nobody) - Number(a.nobody) || time(a.shift.starts_at) - time(b.shift.starts_at))
  return {
    should: running.reduce((sum, shift) => sum + shift.people.length, 0),
    came: running.reduce((sum, shift) => sum + shift.people.filter((who) => who.presence === 'here' || who.presence === 'left').length, 0),
    late: late.sort((a, b) => time(a.shift.starts_at) - time(b.shift.starts_at)),
    gaps,
    looks: looks(now, shifts),
    running,
    soon: shifts.filter((shift) => !hasBegun(shift, at)),
    others: now.others,
  }
}

function looks(now: Now, shifts: ShiftNow[]): Look[] {
  const found: Look[] = shifts.flatMap((shift) =>
    shift.people
      .filter((who) => who.flags.length > 0 || !who.belongs)
      .map((who) => ({ key: `${shift.shift}/${who.person}`, person: who.person, name: who.name, place: shift.location_name, flags: who.flags, conflict: null, gone: !who.belongs })),
  )
  for (const stay of now.others) {
    // That nobody had planned it is said in its own group already.
    const flags = stay.arrived.flags.filter((flag) => flag !== 'no_shift')
    if (flags.length || stay.conflict) found.push({ key: stay.id, person: stay.person, name: stay.person_name, place: stay.location_name, flags, conflict: stay.conflict })
  }
  return found
}

/** The deadline that has passed: the one to resolve before the one to claim. */
export function passed(ticket: Pick<TicketOut, 'claim_by' | 'resolve_by'>, at: number): { of: 'claim' | 'resolve'; by: string } | null {
  if (ticket.resolve_by && time(ticket.resolve_by) < at) return { of: 'resolve', by: ticket.resolve_by }
  if (ticket.claim_by && time(ticket.claim_by) < at) return { of: 'claim', by: ticket.claim_by }
  return null
}
