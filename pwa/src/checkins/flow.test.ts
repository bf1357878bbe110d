import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Refused, Unreachable } from '../api/problem'
import type { AttendanceOut, CodeReading, EvidenceOut, ShiftOut } from '../api/types'
import type { Item } from '../outbox/items'
import type { Locator } from './locator'

const server = vi.hoisted(() => ({ read: vi.fn(), attendance: vi.fn() }))
const box = vi.hoisted(() => ({ checkIn: vi.fn(), checkOut: vi.fn(), remove: vi.fn(), mine: [] as Item[] }))
vi.mock('../api/client', () => ({
  api: { POST: () => server.read() as unknown, GET: () => server.attendance() as unknown },
  call: async (answer: Promise<unknown>) => answer,
}))
vi.mock('../outbox/outbox.svelte', () => ({ outbox: box }))
vi.mock('../outbox/keeping', () => ({ checkIn: box.checkIn, checkOut: box.checkOut }))
vi.mock('../outbox/deciding', () => ({ remove: box.remove }))

import { NotSaved } from '../outbox/disk'
import { scanned, type Scanned } from './code'
import { Flow } from './flow.svelte'

const GATE = '01234567-89ab-7def-8123-456789abcdef'
const ID = [1, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x7d, 0xef, 0x81, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]
const CODE = `https://mingxun.test/c/${btoa(String.fromCharCode(...ID, ...Array<number>(12).fill(7))).replaceAll('=', '')}`
const read = (text: string): Scanned => scanned(text) ?? { is: 'number', text: 'none', location: null }
const soon = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
const shift: ShiftOut = {
  id: 'shift', neighbourhood: 'here', kind: 'patrol', title: '小区巡逻', location: GATE, location_name: '东门岗亭', plate: '01', starts_at: soon(20), ends_at: soon(140),
  state: 'open', supports_property: false, taken: 1, minimum: 1, desired: 2, maximum: 3, lacking: 0, mine: true,
}
const evidence: EvidenceOut = { at: soon(0), phone_at: soon(0), received_at: soon(0), grade: 'poster', flags: [], place: 'unknown', distance: 'unknown', vouched_by_name: null }
const stay: AttendanceOut = {
  id: 'stay', person: 'wang', person_name: '王', shift: 'shift', shift_title: '小区巡逻', location: GATE, location_name: '东门岗亭', plate: '01',
  arrived: evidence, left: null, left_assumed: false, minutes: null, conflict: null,
}
const reading = (more: Partial<CodeReading> = {}): CodeReading => ({ location: GATE, location_name: '东门岗亭', plate: '01', neighbourhood: 'here', retired: false, open_attendance: null, my_shift: null, open_shifts: [], ...more })
const problem = (slug: string, status: number, more = {}) => ({ type: `/problems/${slug}`, title: slug, status, ...more })
const delivered = { id: 'item', result: async () => ({ state: 'delivered', receipt: stay }) }
const saved = { id: 'item', result: async () => ({ state: 'saved' }) }
const refused = (slug: string, more = {}) => ({ id: 'item', result: async () => ({ state: 'needs-you', problem: problem(slug, 409, more) }) })

let told: AttendanceOut[] = []
function flowing({ mine = [], stays = [], places = [] }: { mine?: ShiftOut[]; stays?: AttendanceOut[]; places?: { id: string; name: string; plate: string }[] } = {}): Flow {
  return new Flow(() => ({ mine, stays, places }), { get: async () => null } as unknown as Locator, (receipt) => told.push(receipt))
}

beforeEach(() => {
  told = []
  box.mine = []
  for (const mock of [server.read, server.attendance, box.checkIn, box.checkOut, box.remove]) mock.mockReset()
  server.read.mockResolvedValue(reading())
  server.attendance.mockResolvedValue(stay)
  box.checkIn.mockResolvedValue(delivered)
  box.checkOut.mockResolvedValue({ id: 'item', result: async () => ({ state: 'delivered', receipt: { ...stay, left: evidence } }) })
})

describe('a scan', () => {
  it('checks in at once for my shift here, without asking first', async () => {
    const flow = flowing({ mine: [shift] })
    await flow.take(read(CODE), new Date())
    expect(server.read).not.toHaveBeenCalled()
    expect(box.checkIn.mock.calls[0]?.[0]).toMatchObject({ code: CODE, shift: 'shift', sign_up: false, position: null })
    expect(flow.step).toMatchObject({ is: 'done', outcome: { state: 'delivered', leaving: false } })
    expect(told).toEqual([stay])
  })

  it('checks in at once for my shift that only the server knew of', async () => {
    server.read.mockResolvedValue(reading({ my_shift: shift }))
    const flow = flowing()
    await flow.take(read('408215'), new Date())
    expect(box.checkIn.mock.calls[0]?.[0]).toMatchObject({ code: '408215', shift: 'shift' })
  })

  it('offers what is open here, or an unscheduled round, when nothing of mine fits', async () => {
    const open = { ...shift, id: 'open', mine: false }
    server.read.mockResolvedValue(reading({ open_shifts: [open] }))
    const flow = flowing()
    await flow.take(read(CODE), new Date())
    if (flow.step.is !== 'choose') throw new Error(flow.step.is)
    expect(box.checkIn).not.toHaveBeenCalled()
    await flow.arrive(flow.step.code, flow.step.at, { shift: 'open', signUp: true })
    expect(box.checkIn.mock.calls[0]?.[0]).toMatchObject({ shift: 'open', sign_up: true })
  })

  it('asks before it checks out: somebody may only be unsure', async () => {
    const flow = flowing({ mine: [shift], stays: [stay] })
    await flow.take(read(CODE), new Date())
    if (flow.step.is !== 'staying') throw new Error(flow.step.is)
    expect(flow.step.sure).toBe(true)
    await flow.leave(flow.step.code, flow.step.at)
    expect(box.checkOut.mock.calls[0]?.[0]).toMatchObject({ attendance: 'stay', code: CODE })
    expect(flow.step).toMatchObject({ is: 'done', outcome: { leaving: true } })
  })

  it('learns of the server where I am checked in', async () => {
    server.read.mockResolvedValue(reading({ open_attendance: 'stay', my_shift: shift }))
    const flow = flowing()
    await flow.take(read(CODE), new Date())
    expect(flow.step).toMatchObject({ is: 'staying', stay: { id: 'stay', location: GATE } })
  })

  it('says where one is still checked in when there is something to choose elsewhere', async () => {
    server.read.mockResolvedValue(reading({ open_attendance: 'stay' }))
    const flow = flowing({ stays: [{ ...stay, location: 'west', location_name: '西门' }] })
    await flow.take(read(CODE), new Date())
    expect(flow.step).toMatchObject({ is: 'choose', elsewhere: '西门' })
  })

  it('is not needed to leave: the person’s own word will do', async () => {
    const flow = flowing({ stays: [stay] })
    await flow.leave(null, new Date())
    expect(box.checkOut.mock.calls[0]?.[0]).toMatchObject({ attendance: 'stay', code: null })
  })

})

describe('without a network', () => {
  beforeEach(() => {
    server.read.mockRejectedValue(new Unreachable('no answer'))
    box.checkIn.mockResolvedValue(saved)
  })

  it('keeps the scan of a place that it knows by name', async () => {
    const flow = flowing({ places: [{ id: GATE, name: '东门岗亭', plate: '01' }] })
    await flow.take(read(CODE), new Date())
    expect(box.checkIn.mock.calls[0]?.[0]).toMatchObject({ code: CODE, shift: null })
    expect(flow.step).toMatchObject({ is: 'done', outcome: { state: 'saved', place: { id: GATE, name: '东门岗亭', plate: '01' } } })
  })

  it('keeps a place that it has never heard of, and a number', async () => {
    const flow = flowing()
    await flow.take(read(CODE), new Date())
    expect(flow.step).toMatchObject({ is: 'done', outcome: { state: 'saved', place: { id: GATE, plate: null } } })
    const typed = flowing()
    await typed.take(read('408215'), new Date())
    expect(box.checkIn.mock.calls[1]?.[0]).toMatchObject({ code: '408215' })
    expect(typed.step).toMatchObject({ is: 'done', outcome: { place: { name: '编号 408 215' } } })
  })

  it('asks when a number is typed while one is checked in somewhere', async () => {
    const flow = flowing({ stays: [stay] })
    await flow.take(read('408215'), new Date())
    expect(flow.step).toMatchObject({ is: 'staying', sure: false })
  })

  it('turns into a success when the outbox has got through', async () => {
    let answer: unknown = { state: 'saved' }
    box.checkIn.mockResolvedValue({ id: 'item', result: async () => answer })
    const flow = flowing({ mine: [shift] })
    await flow.take(read(CODE), new Date())
    expect(flow.step).toMatchObject({ is: 'done', outcome: { state: 'saved' } })
    answer = { state: 'delivered', receipt: stay }
    await flow.settle()
    expect(flow.step).toMatchObject({ is: 'done', outcome: { state: 'delivered', receipt: stay } })
  })

  it('never says saved when the phone could not keep it', async () => {
    box.checkIn.mockRejectedValue(new NotSaved('full'))
    const flow = flowing({ mine: [shift] })
    await flow.take(read(CODE), new Date())
    expect(flow.step.is).toBe('trouble')
  })
})

describe('a refusal', () => {
  it('of a replaced poster says so and offers the number, whether read or sent', async () => {
    server.read.mockResolvedValue(reading({ retired: true }))
    const asked = flowing()
    await asked.take(read(CODE), new Date())
    expect(asked.step).toMatchObject({ is: 'trouble', trouble: { ways: ['again', 'number', 'vouch'] } })

    box.checkIn.mockResolvedValue(refused('code-retired', { location_name: '东门岗亭' }))
    const sent = flowing({ mine: [shift] })
    await sent.take(read(CODE), new Date())
    if (sent.step.is !== 'trouble') throw new Error(sent.step.is)
    expect(sent.step.trouble.title).toContain('东门岗亭')
    await sent.forget()
    expect(box.remove).toHaveBeenCalledExactlyOnceWith('item')
  })

  it('of an unknown code is told apart from one of somebody who has not checked in', async () => {
    server.read.mockRejectedValue(new Refused(problem('code-unknown', 404, { verdict: 'forged' })))
    const flow = flowing()
    await flow.take(read(CODE), new Date())
    expect(flow.step).toMatchObject({ is: 'trouble', trouble: { title: '没认出是哪个点位' } })

    box.checkOut.mockResolvedValue(refused('not-checked-in'))
    const leaving = flowing()
    await leaving.leave(read(CODE), new Date())
    expect(leaving.step).toMatchObject({ is: 'trouble', trouble: { title: '还没有签到', ways: ['again', 'vouch'] } })
  })

  it('that the server gives no reason for leaves the scan on the phone', async () => {
    box.checkIn.mockResolvedValue({ id: 'item', result: async () => ({ state: 'needs-you', problem: null }) })
    const flow = flowing({ mine: [shift] })
    await flow.take(read(CODE), new Date())
    expect(flow.step.is).toBe('trouble')
    await flow.forget()
    expect(box.remove).not.toHaveBeenCalled()
  })
})
