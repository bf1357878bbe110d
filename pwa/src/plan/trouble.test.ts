import { describe, expect, it } from 'vitest'
import { Refused, Unreachable } from '../api/problem'
import { assignTrouble, troubleOf } from './trouble'

const refused = (slug: string, members: object = {}) => new Refused({ type: `/problems/${slug}`, title: '', status: 409, ...members })

describe('why somebody can’t be put on a shift', () => {
  it('names the shift in the way, and leads to it', () => {
    const conflict = { shift: 'other', title: '东门巡逻', starts_at: '2020-09-16T06:00:00Z', ends_at: '2020-09-16T08:00:00Z' }
    const found = assignTrouble(refused('sign-up-refused', { reasons: ['overlaps'], conflict, missing: [] }), '张国强')
    expect(found.lines).toEqual(['张国强那时候有班：2020年9月16日 14:00–16:00「东门巡逻」。'])
    expect(found.other).toBe('other')
  })
  it('says no more of a shift elsewhere than when it is', () => {
    const conflict = { shift: null, title: null, starts_at: '2020-09-16T06:00:00Z', ends_at: '2020-09-16T08:00:00Z' }
    const found = assignTrouble(refused('sign-up-refused', { reasons: ['overlaps'], conflict, missing: [] }), '张国强')
    expect(found.lines[0]).toContain('别的居民区')
    expect(found.other).toBeNull()
  })
  it('names what is missing, with every other reason', () => {
    const found = assignTrouble(refused('sign-up-refused', { reasons: ['overlaps', 'no_fitting_need'], conflict: null, missing: ['first_aid'] }), '周敏')
    expect(found.lines).toEqual(['周敏那时候有别的班。', '剩下的位子要急救员，周敏的资料里还没有。'])
    expect(found.record).toBe(true)
  })
  it('says so when nobody answers', () => {
    expect(assignTrouble(new Unreachable('no answer'), '周敏').lines[0]).toContain('连不上')
  })
})

describe('why a shift can’t be planned so', () => {
  it('names every fault and the needs', () => {
    expect(troubleOf(refused('shift-invalid', { reasons: ['too_long', 'needs_out_of_order'], needs: [1] }), '还没排成').lines).toEqual([
      '一班最长 24 小时，再长就分成两班。', '人数要最少不超过想要，想要不超过最多。', '看看第 2 种人。',
    ])
  })
  it('says whom to take off first', () => {
    const found = troubleOf(refused('needs-below-taken', { needs: [{ need: 'a', role: 'anyone', taken: 3, maximum: 1, excess: 2 }] }), '还没改成')
    expect(found).toMatchObject({ lines: ['志愿者已有 3 位，改成最多 1 位，要先请出 2 位。'], way: 'people' })
  })
  it('names who serves elsewhere at the new time', () => {
    const conflicts = [{ person: 'p', name: '张国强', shift: 'o', title: '东门巡逻', starts_at: '2020-09-16T06:00:00Z', ends_at: '2020-09-16T08:00:00Z' }]
    const found = troubleOf(refused('shift-change-conflicts', { conflicts }), '还没改成')
    expect(found.lines[0]).toContain('张国强')
    expect(found.way).toBe('people')
  })
  it('leads back to the shift as it is now', () => {
    expect(troubleOf(refused('shift-changed', { version: 4 }), '还没改成').way).toBe('reload')
    expect(troubleOf(refused('shift-closed', { state: 'over' }), '还没改成').way).toBe('reload')
  })
})
