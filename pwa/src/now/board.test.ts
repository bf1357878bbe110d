import { describe, expect, it } from 'vitest'
import { board, passed, type Expected, type Now, type ShiftNow } from './board'

const AT = Date.parse('2026-09-16T06:12:00Z')
const who = (over: Partial<Expected>): Expected => ({ person: 'p', name: '张国强', phone: null, presence: 'here', attendance: null, arrived_at: null, left_at: null, flags: [], belongs: true, ...over })
const shift = (over: Partial<ShiftNow>): ShiftNow => ({
  shift: 's', kind: 'patrol', title: '小区巡逻', location: 'l', location_name: '东门岗亭', plate: '01', starts_at: '2026-09-16T06:00:00Z', ends_at: '2026-09-16T08:00:00Z',
  minimum: 1, taken: 1, lacking: 0, here: 1, unstaffed: false, people: [], ...over,
})
const now = (shifts: ShiftNow[], others: Now['others'] = []): Now => ({ at: '2026-09-16T06:12:00Z', shifts, others })

describe('the neighbourhood’s present', () => {
  it('counts who should be there, who came, and who is late', () => {
    const found = board(now([shift({ people: [who({ person: 'a' }), who({ person: 'b', presence: 'late' }), who({ person: 'c', presence: 'left' })] })]), AT)
    expect([found.should, found.came, found.late.map((one) => one.who.person)]).toEqual([3, 2, ['b']])
  })
  it('whoever was expected is late once the shift begins, without another word from the server', () => {
    const one = shift({ starts_at: '2026-09-16T06:10:00Z', people: [who({ presence: 'not_yet' })] })
    expect(board(now([one]), AT).late).toHaveLength(1)
    expect(board(now([one]), Date.parse('2026-09-16T06:05:00Z')).late).toHaveLength(0)
  })
  it('a post without anyone comes before one that lacks somebody later', () => {
    const soon = shift({ shift: 'soon', starts_at: '2026-09-16T06:40:00Z', minimum: 2, taken: 1, lacking: 1, here: 0 })
    const empty = shift({ shift: 'empty', here: 0, minimum: 0, taken: 0 })
    expect(board(now([soon, empty, shift({})]), AT).gaps.map((gap) => [gap.shift.shift, gap.nobody, gap.lack])).toEqual([['empty', true, 0], ['soon', false, 1]])
  })
  it('a shift that is over is no longer shown', () => {
    expect(board(now([shift({ ends_at: '2026-09-16T06:10:00Z', here: 0 })]), AT)).toMatchObject({ running: [], gaps: [], should: 0 })
  })
  it('whoever has no role here any more is to be looked at, as long as they are on the shift', () => {
    const found = board(now([shift({ people: [who({ person: 'a', belongs: false }), who({ person: 'b' })] })]), AT)
    expect(found.looks.map((look) => [look.person, look.gone])).toEqual([['a', true]])
  })
  it('flags to look at come with the person, but not that a round was unscheduled', () => {
    const arrived = { at: '2026-09-16T06:00:00Z', phone_at: null, received_at: '2026-09-16T06:00:00Z', grade: 'poster', place: 'unknown', distance: 'unknown', vouched_by_name: null } as const
    const stay = (id: string, flags: ('no_shift' | 'stale_code')[]) =>
      ({ id, person: id, person_name: id, shift: null, shift_title: null, location: 'l', location_name: '西门', plate: '02', arrived: { ...arrived, flags }, left: null, left_assumed: false, minutes: null, conflict: null }) as Now['others'][number]
    const found = board(now([shift({ people: [who({ flags: ['outside'] })] })], [stay('x', ['no_shift']), stay('y', ['no_shift', 'stale_code'])]), AT)
    expect(found.looks.map((look) => [look.name, look.flags])).toEqual([['张国强', ['outside']], ['y', ['stale_code']]])
  })
})

describe('a ticket past its time', () => {
  it('is late to be resolved before it is late to be claimed', () => {
    expect(passed({ claim_by: '2026-09-16T05:00:00Z', resolve_by: '2026-09-16T06:00:00Z' }, AT)).toEqual({ of: 'resolve', by: '2026-09-16T06:00:00Z' })
    expect(passed({ claim_by: '2026-09-16T05:00:00Z', resolve_by: '2026-09-16T09:00:00Z' }, AT)?.of).toBe('claim')
    expect(passed({ claim_by: null, resolve_by: '2026-09-16T09:00:00Z' }, AT)).toBeNull()
  })
})
