import { describe, expect, it } from 'vitest'
import type { ShiftOut } from '../api/types'
import { midnight } from '../i18n/times'
import { daysOf, lacking, lackingOf, placesOf, staffing } from './week'

const shift = (over: Partial<ShiftOut>): ShiftOut => ({
  id: 's', neighbourhood: 'n', kind: 'patrol', title: '小区巡逻', location: 'l1', location_name: '东门岗亭', plate: '01',
  starts_at: '2026-09-16T06:00:00Z', ends_at: '2026-09-16T08:00:00Z', state: 'open', supports_property: false,
  taken: 0, minimum: 2, desired: 4, maximum: 5, lacking: Math.max(0, (over.minimum ?? 2) - (over.taken ?? 0)), mine: false, ...over,
})

describe('how a shift is staffed', () => {
  it('nobody, too few, enough to begin, as many as wanted', () => {
    expect([0, 1, 2, 4].map((taken) => staffing(shift({ taken })))).toEqual(['none', 'short', 'wanting', 'full'])
  })
  it('a shift that needs nobody is not a gap', () => {
    expect(staffing(shift({ minimum: 0 }))).toBe('wanting')
    expect(lacking(shift({ minimum: 0 }))).toBe(0)
  })
  it('spare volunteers do not make up for a missing first-aider', () => {
    expect(staffing(shift({ taken: 5, lacking: 1 }))).toBe('short')
  })
  it('a cancelled shift lacks nobody', () => {
    expect(lackingOf([shift({ state: 'cancelled' }), shift({ taken: 1 })])).toBe(1)
  })
})

describe('a week', () => {
  const monday = midnight('2026-09-14T04:00:00Z')
  const days = daysOf(
    [shift({ id: 'b', starts_at: '2026-09-16T06:00:00Z' }), shift({ id: 'a', starts_at: '2026-09-15T23:00:00Z', location: 'l2', plate: '10' }), shift({ id: 'c', starts_at: '2026-09-30T06:00:00Z' })],
    [0, 1, 2].map((day) => midnight(monday, day)),
  )
  it('puts shifts on the days on which they start here, by their starts, and leaves others out', () => {
    expect(days.map((day) => day.shifts.map((one) => one.id))).toEqual([[], [], ['a', 'b']])
  })
  it('has a row for each place by its plate', () => {
    expect(placesOf(days).map((row) => [row.plate, row.days.map((some) => some.length)])).toEqual([['01', [0, 0, 1]], ['10', [0, 0, 1]]])
    const numeric = placesOf(daysOf([shift({ id: 'x', location: 'l9', plate: '9' }), shift({ id: 'y', location: 'l10', plate: '10' })], [midnight('2026-09-16T04:00:00Z')]))
    expect(numeric.map((row) => row.plate)).toEqual(['9', '10'])
  })
})
