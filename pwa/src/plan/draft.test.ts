import { describe, expect, it } from 'vitest'
import type { ShiftDetail } from '../api/types'
import { changes, creation, draftOf, faults, instants, moved, newDraft, newNeed, withKind } from './draft'

const place = { id: 'l1', name: '东门岗亭', plate: '01' }
const detail: ShiftDetail = {
  id: 's', neighbourhood: 'n', kind: 'patrol', title: '小区巡逻', location: 'l1', location_name: '东门岗亭', plate: '01',
  starts_at: '2026-09-16T14:00:00Z', ends_at: '2026-09-16T22:00:00Z', state: 'open', supports_property: false,
  taken: 0, minimum: 2, desired: 4, maximum: 5, lacking: 2, mine: false, version: 3, note: '', cancel_reason: null, assignees: [], refusals: [], contact: null,
  needs: [{ id: 'a', role: 'anyone', minimum: 2, desired: 4, maximum: 5, taken: 0 }, { id: 'closed', role: 'first_aid', minimum: 0, desired: 0, maximum: 0, taken: 0 }],
}

describe('numbers of a need', () => {
  const need = newNeed('anyone', 2, 4, 6)
  it('give way to one another', () => {
    expect(moved(need, 'minimum', 5)).toMatchObject({ minimum: 5, desired: 5, maximum: 6 })
    expect(moved(need, 'desired', 8)).toMatchObject({ minimum: 2, desired: 8, maximum: 8 })
    expect(moved(need, 'maximum', 1)).toMatchObject({ minimum: 1, desired: 1, maximum: 1 })
  })
  it('stay within what the server takes', () => {
    expect(moved(need, 'maximum', 0).maximum).toBe(1)
    expect(moved(need, 'minimum', -1).minimum).toBe(0)
    expect(moved(need, 'maximum', 900).maximum).toBe(500)
  })
})

describe('times', () => {
  it('are the neighbourhood’s', () => {
    expect(instants({ day: '2026-09-16', from: '14:00', to: '16:00' })).toEqual({ starts_at: '2026-09-16T06:00:00.000Z', ends_at: '2026-09-16T08:00:00.000Z' })
  })
  it('an end before the start is the next day’s', () => {
    expect(instants({ day: '2026-09-16', from: '22:00', to: '06:00' })?.ends_at).toBe('2026-09-16T22:00:00.000Z')
  })
  it('a field that is empty gives none', () => {
    expect(instants({ day: '2026-09-16', from: '', to: '16:00' })).toBeNull()
  })
})

describe('a new shift', () => {
  const draft = newDraft('patrol', '小区巡逻', '2026-09-16', null)
  it('says what is missing', () => {
    expect(faults(draft)).toEqual(['place'])
    expect(faults({ ...draft, title: ' ', from: '', place })).toEqual(['title', 'time'])
    expect(creation(draft)).toBeNull()
  })
  it('another kind brings its title, times and needs while they are untouched', () => {
    const garden = withKind(draft, 'garden', '社区花园')
    expect(garden).toMatchObject({ title: '社区花园', from: '07:00', to: '08:30' })
    expect(garden.needs.map((need) => need.minimum)).toEqual([1])
    const typed = withKind({ ...draft, title: '夜巡', follows: false, from: '20:00', needs: [newNeed('anyone', 9, 9, 9)] }, 'garden', '社区花园')
    expect(typed).toMatchObject({ title: '夜巡', from: '20:00', to: '16:00' })
    expect(typed.needs[0]?.minimum).toBe(9)
  })
  it('goes out as the contract wants it', () => {
    expect(creation({ ...draft, place, note: ' 带水 ' })).toEqual({
      kind: 'patrol', title: '小区巡逻', location: 'l1', starts_at: '2026-09-16T06:00:00.000Z', ends_at: '2026-09-16T08:00:00.000Z', note: '带水', supports_property: true,
      needs: [{ role: 'anyone', minimum: 2, desired: 4, maximum: 6 }],
    })
  })
})

describe('a change', () => {
  it('sends nothing when nothing is changed', () => {
    expect(changes(detail, draftOf(detail))).toBeNull()
  })
  it('sends only what differs, with the version it was made on', () => {
    const draft = { ...draftOf(detail), title: '夜间巡逻' }
    expect(changes(detail, draft)).toEqual({ title: '夜间巡逻', version: 3 })
  })
  it('keeps the night’s end on the next day when it is moved', () => {
    const draft = { ...draftOf(detail), day: '2026-09-17' }
    expect(changes(detail, draft)).toEqual({ starts_at: '2026-09-17T14:00:00.000Z', ends_at: '2026-09-17T22:00:00.000Z', version: 3 })
  })
  it('keeps the ids of needs that stand, and leaves out those that are closed', () => {
    const draft = draftOf(detail)
    expect(draft.needs.map((need) => need.id)).toEqual(['a'])
    const more = { ...draft, needs: [...draft.needs, newNeed('first_aid', 0, 1, 1)] }
    expect(changes(detail, more)?.needs).toEqual([{ id: 'a', role: 'anyone', minimum: 2, desired: 4, maximum: 5 }, { role: 'first_aid', minimum: 0, desired: 1, maximum: 1 }])
  })
})
