import { describe, expect, it } from 'vitest'
import type { AttendanceOut, EvidenceOut, ShiftOut } from '../api/types'
import type { Item } from '../outbox/items'
import * as make from '../outbox/make'
import { conflictOf, helpWanted, isDue, nextCard, openStay, shiftAt, type Known } from './next'

const DAY = '2026-09-16T'
const at = (clock: string) => `${DAY}${clock}:00+08:00`
const now = (clock: string) => Date.parse(at(clock))

function shift(id: string, from: string, to: string, more: Partial<ShiftOut> = {}): ShiftOut {
  return {
    id, neighbourhood: 'here', kind: 'patrol', title: `${id} 巡逻`, location: 'gate', location_name: '东门岗亭', plate: '01', starts_at: at(from), ends_at: at(to),
    state: 'open', supports_property: false, taken: 1, minimum: 1, desired: 2, maximum: 3, lacking: 0, mine: true, ...more,
  }
}
const evidence = (clock: string): EvidenceOut => ({ at: at(clock), phone_at: at(clock), received_at: at(clock), grade: 'poster_place', flags: [], place: 'inside', distance: 'within_50_m', vouched_by_name: null })
function stay(id: string, of: string | null, from: string, to: string | null = null): AttendanceOut {
  return {
    id, person: 'wang', person_name: '王', shift: of, shift_title: of && `${of} 巡逻`, location: 'gate', location_name: '东门岗亭', plate: '01',
    arrived: evidence(from), left: to === null ? null : evidence(to), left_assumed: false, minutes: null, conflict: null,
  }
}
const made = (clock: string, dependsOn: string[] = []) => ({ author: 'wang', about: { place: '东门岗亭', location: 'gate' }, now: new Date(at(clock)), dependsOn })
const scanned = (id: string, of: string | null, clock: string): Item => make.checkIn({ id, code: '408215', shift: of, at: at(clock) }, made(clock))
const left = (id: string, attendance: string | null, clock: string): Item => make.checkOut({ id, attendance, at: at(clock) }, made(clock))
const knowing = (known: Partial<Known>): Known => ({ mine: [], stays: [], open: [], waiting: [], ...known })
const card = (known: Partial<Known>, clock: string) => nextCard(knowing(known), now(clock))

const afternoon = shift('afternoon', '14:00', '16:00')
const evening = shift('evening', '19:00', '20:30')

describe('the next card', () => {
  it('shows what was promised, without a button, until an hour before', () => {
    expect(card({ mine: [evening, afternoon] }, '12:59')).toEqual({ is: 'ahead', shift: afternoon })
  })
  it('asks to scan from an hour before', () => {
    expect(card({ mine: [afternoon] }, '13:00')).toEqual({ is: 'due', shift: afternoon, late: false })
  })
  it('says that it has begun, and still asks to scan', () => {
    expect(card({ mine: [afternoon] }, '14:12')).toEqual({ is: 'due', shift: afternoon, late: true })
  })
  it('goes on to the next when one is missed and over', () => {
    expect(card({ mine: [afternoon, evening] }, '16:00')).toEqual({ is: 'ahead', shift: evening })
  })
  it('leaves out what was cancelled', () => {
    expect(card({ mine: [{ ...afternoon, state: 'cancelled' }, evening] }, '13:30')).toEqual({ is: 'ahead', shift: evening })
  })
  it('asks to leave while one is there, also after the end', () => {
    const known = { mine: [afternoon], stays: [stay('s', 'afternoon', '13:56')] }
    for (const clock of ['14:30', '16:40']) expect(card(known, clock)).toMatchObject({ is: 'here', stay: { id: 's', place: '东门岗亭', saved: false }, shift: afternoon })
  })
  it('goes on to the next shift after leaving, although the first still runs', () => {
    expect(card({ mine: [afternoon, evening], stays: [stay('s', 'afternoon', '13:56', '15:30')] }, '15:35')).toEqual({ is: 'ahead', shift: evening })
  })
  it('shows an unscheduled round as being there', () => {
    expect(card({ stays: [stay('s', null, '13:56')] }, '14:30')).toMatchObject({ is: 'here', shift: null })
  })
  it('offers the soonest shift that wants somebody when nothing is promised', () => {
    const wanting = shift('garden', '17:00', '18:00', { mine: false })
    expect(card({ open: [shift('later', '19:00', '20:00', { mine: false }), wanting] }, '14:00')).toEqual({ is: 'help', shift: wanting })
  })
  it('is free when nothing is promised or wanted', () => {
    expect(card({}, '14:00')).toEqual({ is: 'free' })
  })
})

describe('what waits on the phone', () => {
  it('counts as being there as soon as it is kept', () => {
    expect(card({ mine: [afternoon], waiting: [scanned('c', 'afternoon', '13:56')] }, '13:57')).toMatchObject({ is: 'here', stay: { id: 'c', plate: '01', saved: true }, shift: afternoon })
  })
  it('counts as gone as soon as the check-out is kept, though the server still believes otherwise', () => {
    const waiting = [left('o', 's', '15:58')]
    expect(openStay(knowing({ stays: [stay('s', 'afternoon', '13:56')], waiting }))).toBeNull()
    expect(card({ mine: [afternoon, evening], stays: [stay('s', 'afternoon', '13:56')], waiting }, '15:59')).toEqual({ is: 'ahead', shift: evening })
  })
  it('counts as gone when both coming and going wait', () => {
    expect(card({ mine: [afternoon, evening], waiting: [scanned('c', 'afternoon', '13:56'), left('o', 'c', '15:58')] }, '15:59')).toEqual({ is: 'ahead', shift: evening })
  })
  it('does not count once the server has refused it', () => {
    const refused: Item = { ...scanned('c', 'afternoon', '13:56'), state: 'needs-you' }
    expect(card({ mine: [afternoon], waiting: [refused] }, '14:05')).toEqual({ is: 'due', shift: afternoon, late: true })
  })
  it('takes the place after the next scan elsewhere', () => {
    const waiting = [{ ...scanned('c', null, '15:00'), about: { place: '西门', location: 'west' } }]
    expect(openStay(knowing({ stays: [stay('s', 'afternoon', '13:56')], waiting }))).toMatchObject({ id: 'c', place: '西门', location: 'west' })
  })
})

describe('calls for help', () => {
  const wanting = (id: string, from: string, to: string, more: Partial<ShiftOut> = {}) => shift(id, from, to, { mine: false, ...more })
  it('are those that lack somebody, have a place, have not begun and don’t overlap mine; the soonest first', () => {
    const open = [
      wanting('evening two', '18:30', '19:30'), wanting('late', '21:00', '22:00'), wanting('soon', '17:00', '18:00'), wanting('enough', '17:00', '18:00', { taken: 2 }),
      wanting('begun', '13:00', '18:00'), wanting('cancelled', '17:00', '18:00', { state: 'cancelled' }), shift('mine', '17:00', '18:00'),
    ]
    expect(helpWanted({ open, mine: [evening] }, now('14:00')).map((one) => one.id)).toEqual(['soon', 'late'])
  })
  it('know which of mine stands in the way; next to one another is no overlap', () => {
    expect(conflictOf(wanting('x', '15:00', '17:00'), [afternoon])).toBe(afternoon)
    expect(conflictOf(wanting('x', '16:00', '19:00'), [afternoon, evening])).toBeNull()
    expect(conflictOf(wanting('x', '15:00', '17:00'), [{ ...afternoon, state: 'cancelled' }])).toBeNull()
  })
})

it('finds the shift that a scan at a place is for: the running one before the next', () => {
  const after = shift('after', '16:00', '18:00')
  expect(shiftAt('gate', [after, afternoon], now('15:30'))).toBe(afternoon)
  expect(shiftAt('gate', [after, afternoon], now('16:00'))).toBe(after)
  expect(shiftAt('garden', [after, afternoon], now('15:30'))).toBeNull()
  expect(isDue(evening, now('15:30'))).toBe(false)
})
