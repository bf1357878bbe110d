import { describe, expect, it } from 'vitest'
import type { TicketDetail, TicketOut } from '../api/types'
import type { Item } from '../outbox/items'
import { allowance, shareLeft, standing } from './deadline'
import { besideMain, dockedMain, otherActs } from './docked'
import { joined } from './lists.svelte'
import { found, locationIn } from './places'
import { reason, sentence } from './sentence'
import { afterPhotos, stepsOf } from './steps'
import { actsNow } from './unsent'
import { toVerify, viewsFor } from './views'

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

describe('acts', () => {
  const unsent = (way: string, state: Item['state'] = 'waiting') => ({ url: `/api/tickets/t/${way}`, state }) as Item
  it('are those that the server allows while nothing waits', () => {
    expect(actsNow(['claim', 'decline'], [])).toEqual(['claim', 'decline'])
  })
  it('go on with resolving after a claim without a network', () => {
    expect(actsNow(['claim', 'decline'], [unsent('claim')])).toEqual(['resolve'])
    expect(actsNow(['claim', 'decline'], [unsent('claim'), unsent('resolution')])).toEqual([])
  })
  it('rest until a refusal was read', () => {
    expect(actsNow(['claim'], [unsent('claim', 'needs-you')])).toEqual([])
  })
  const with_ = { party: { id: 'p', kind: 'property', name: '和畅物业', phone: null }, state: 'open' } as const
  it('have one main one, its other answer beside it, and the rest below', () => {
    expect(dockedMain(with_, ['claim', 'decline', 'hand_over'])).toBe('claim')
    expect(besideMain('claim', ['claim', 'decline', 'hand_over'])).toBe('decline')
    expect(otherActs(with_, ['claim', 'decline', 'hand_over'])).toEqual(['hand_over'])
    expect(dockedMain({ ...with_, state: 'resolved' }, ['verify', 'reopen'])).toBe('verify')
    expect(otherActs({ ...with_, state: 'verified' }, ['reopen'])).toEqual(['reopen'])
  })
  it('ask a coordinator for a party only when there is none', () => {
    expect(dockedMain(with_, ['hand_over'])).toBeNull()
    expect(dockedMain({ party: null, state: 'open' }, ['hand_over'])).toBe('hand_over')
    expect(dockedMain({ ...with_, state: 'declined' }, ['hand_over'])).toBe('hand_over')
  })
})

describe('views', () => {
  const nobody = { plans: false, leads: false, serves: false, handles: false }
  const keys = (who: Parameters<typeof viewsFor>[0]) => viewsFor(who, 'p').map((view) => view.key)
  it('begin for a handler with what was handed to their party, least time first', () => {
    expect(viewsFor({ ...nobody, handles: true }, 'p')[0]).toEqual({ key: 'mine-todo', query: { state: ['open', 'claimed'], party: 'p', order: 'deadline' } })
    expect(keys({ ...nobody, handles: true })).toEqual(['mine-todo', 'mine-finished', 'opened'])
  })
  it('are the whole queue for a coordinator', () => {
    expect(keys({ ...nobody, plans: true, leads: true, serves: true })).toEqual(['active', 'overdue', 'declined', 'verify', 'done'])
  })
  it('let a leader verify anything, others what they reported', () => {
    expect(toVerify({ leads: true })).not.toHaveProperty('mine')
    expect(toVerify({ leads: false })).toMatchObject({ mine: true, state: ['resolved'] })
  })
})

describe('places', () => {
  const places = { locations: [{ id: 'a', plate: '04', name: '地下车库入口', area: '凌云里' }, { id: 'b', plate: '07', name: '3号垃圾房', area: '凌云里' }], buildings: [{ id: 'c', name: '9号楼' }] }
  it('are found by name, plate or area', () => {
    expect(found(places, '车库').locations.map((one) => one.id)).toEqual(['a'])
    expect(found(places, '07').locations.map((one) => one.id)).toEqual(['b'])
    expect(found(places, ' 9号 ')).toMatchObject({ locations: [], buildings: [{ id: 'c' }] })
    expect(found(places, '')).toBe(places)
  })
  it('are read from a poster’s code without a network', () => {
    const id = '01a2019a-0ab5-736d-a33d-843b6a281519'
    const bytes = [1, ...(id.replaceAll('-', '').match(/../gu) ?? []).map((pair) => parseInt(pair, 16)), 0, 1, ...Array<number>(10).fill(255)]
    const payload = btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    expect(payload).toHaveLength(39)
    expect(locationIn(`https://mingxun.example/c/${payload}`)).toBe(id)
    expect(locationIn('483920')).toBeNull()
    expect(locationIn('https://example.org/c/short')).toBeNull()
  })
})

it('shows a ticket that moved between two pages once', () => {
  const ticket = (id: string) => ({ id }) as TicketOut
  expect(joined({ items: [ticket('a'), ticket('b')], next: 'x' }, { items: [ticket('b'), ticket('c')], next: null })).toMatchObject({ items: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], next: null })
})
