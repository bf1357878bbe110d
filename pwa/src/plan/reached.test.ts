import { describe, expect, it } from 'vitest'
import { latest, type Delivery } from './reached'

let count = 0
const told = (person: string, kind: string, reach: Delivery['reach']): Delivery => ({
  message: `m${++count}`, person, name: person, phone: null, kind, title: kind, at: '2026-11-25T06:00:00Z', reach,
})
const found = (items: Delivery[], on: string[]) => latest(items, new Set(on)).map((one) => `${one.person} ${one.kind}`)

describe('who knows of a shift', () => {
  it('is told by the newest message of each, those who don’t know first', () => {
    const items = [told('王', 'shift_moved', 'read'), told('金', 'shift_moved', 'no_channel'), told('王', 'assigned', 'failed'), told('金', 'assigned', 'read')]
    expect(found(items, ['王', '金'])).toEqual(['金 shift_moved', '王 shift_moved'])
  })
  it('does not ask about those who left it themselves', () => {
    expect(found([told('王', 'assigned', 'accepted')], [])).toEqual([])
  })
  it('asks about those who may come in vain', () => {
    const items = [told('王', 'shift_cancelled', 'waiting'), told('金', 'unassigned', 'inbox_only'), told('周', 'shift_removed', 'failed')]
    expect(found(items, [])).toEqual(['王 shift_cancelled', '金 unassigned', '周 shift_removed'])
  })
})
