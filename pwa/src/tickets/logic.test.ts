import { describe, expect, it } from 'vitest'
import type { TicketDetail } from '../api/types'
import { allowance, shareLeft, standing } from './deadline'
import { reason, sentence } from './sentence'
import { afterPhotos, stepsOf } from './steps'

const NOW = new Date('2026-09-16T06:30:00Z')
const at = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000).toISOString()
type Event = TicketDetail['timeline'][number]
const event = (kind: string, hours: number, photos: Event['photos'] = []): Event => ({ kind, at: at(hours), by_name: '金宝娣', party: null, note: '', photos })
const photo = (id: string) => ({ id, url: `/${id}`, thumbnail_url: `/${id}`, width: 1, height: 1 })

describe('time left', () => {
  it('says the time to resolve while nothing has passed, in which order lists stand', () => {
    expect(standing({ claim_by: at(0.5), resolve_by: at(3) }, NOW)).toEqual({ of: 'resolve', by: at(3), over: false, urgent: false })
  })
  it('is urgent in the last hour', () => {
    expect(standing({ claim_by: null, resolve_by: at(0.9) }, NOW)?.urgent).toBe(true)
    expect(standing({ claim_by: null, resolve_by: at(1) }, NOW)?.urgent).toBe(false)
  })
  it('says a time to claim once it has passed', () => {
    expect(standing({ claim_by: at(-2), resolve_by: at(3) }, NOW)).toEqual({ of: 'claim', by: at(-2), over: true, urgent: true })
  })
  it('says first of all that the time to resolve has passed', () => {
    expect(standing({ claim_by: at(-5), resolve_by: at(-1) }, NOW)).toMatchObject({ of: 'resolve', over: true })
  })
  it('says nothing when no time runs', () => {
    expect(standing({ claim_by: null, resolve_by: null }, NOW)).toBeNull()
  })
})

describe('the meter', () => {
  it('measures from the last time that the party got it', () => {
    const ticket = { resolve_by: at(3), opened_at: at(-20), timeline: [event('opened', -20), event('handed_over', -1), event('claimed', -0.5)] }
    expect(allowance(ticket)).toBe(4 * 3_600_000)
    expect(shareLeft(ticket, NOW)).toBe(0.75)
  })
  it('stays between nothing and all', () => {
    expect(shareLeft({ resolve_by: at(-1), opened_at: at(-4), timeline: [event('opened', -4)] }, NOW)).toBe(0)
    expect(shareLeft({ resolve_by: at(2), opened_at: at(1), timeline: [event('opened', 1)] }, NOW)).toBe(1)
    expect(shareLeft({ resolve_by: null, opened_at: at(-4), timeline: [] }, NOW)).toBe(0)
  })
})

describe('the trail', () => {
  const party = { id: 'p', kind: 'property', name: '和畅物业', phone: null } as const
  const todo = (ticket: Parameters<typeof stepsOf>[0]) => stepsOf(ticket).flatMap((step) => (step.todo ? [step] : []))

  it('says who must act next', () => {
    expect(todo({ state: 'open', party, acts: ['claim', 'decline'], timeline: [] })).toMatchObject([{ what: 'claim', you: true }])
    expect(todo({ state: 'open', party, acts: [], timeline: [] })).toMatchObject([{ what: 'claim', you: false }])
    expect(todo({ state: 'open', party: null, acts: ['hand_over'], timeline: [] })).toMatchObject([{ what: 'hand_over', you: true }])
    expect(todo({ state: 'declined', party, acts: [], timeline: [] })).toMatchObject([{ what: 'hand_over', you: false }])
  })
  it('ends with somebody’s look while it is being mended', () => {
    expect(todo({ state: 'claimed', party, acts: ['resolve'], timeline: [] })).toMatchObject([{ what: 'resolve', you: true, later: false }, { what: 'verify', you: false, later: true }])
    expect(todo({ state: 'verified', party, acts: ['reopen'], timeline: [] })).toEqual([])
  })
  it('keeps keys apart when a step comes twice', () => {
    const steps = stepsOf({ state: 'claimed', party, acts: [], timeline: [event('opened', -5), event('claimed', -4), event('resolved', -3), event('reopened', -2), event('claimed', -1)] })
    expect(new Set(steps.map((step) => step.key)).size).toBe(steps.length)
  })
  it('shows the photos of the last work only while it counts as mended', () => {
    const timeline = [event('opened', -5), event('resolved', -4, [photo('first')]), event('reopened', -3), event('claimed', -2), event('resolved', -1, [photo('second')])]
    expect(afterPhotos({ state: 'resolved', timeline }).map((one) => one.id)).toEqual(['second'])
    expect(afterPhotos({ state: 'open', timeline: timeline.slice(0, 3) })).toEqual([])
  })
})

describe('what is said', () => {
  it('takes the suggestion when nothing is typed', () => {
    expect(sentence('  ', '灯不亮')).toEqual({ what: '灯不亮', details: '' })
  })
  it('is one line', () => {
    expect(sentence('下雨就积水\n小孩要滑倒', '')).toEqual({ what: '下雨就积水 小孩要滑倒', details: '' })
  })
  it('is cut where the contract ends, and whole beside', () => {
    const long = '很'.repeat(130)
    const { what, details } = sentence(long, '')
    expect([...what]).toHaveLength(120)
    expect(details).toBe(long)
  })
  it('does not cut a character in two', () => {
    expect(sentence('😀'.repeat(121), '').what).toBe(`${'😀'.repeat(119)}…`)
  })
  it('joins a chosen reason and more words', () => {
    expect(reason('不归我们管', '', false)).toBe('不归我们管')
    expect(reason('不归我们管', ' 是电力公司的 ', false)).toBe('不归我们管\n是电力公司的')
    expect(reason('别的原因', '要等配件', true)).toBe('要等配件')
  })
})
