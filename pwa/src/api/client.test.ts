import { beforeEach, expect, it, vi } from 'vitest'
import { api, Attempt, call, onSignedOut, send } from './client'
import { explain } from './explain'
import { network } from './network.svelte'
import { Refused, Unreachable } from './problem'

const fetched = vi.fn<(request: Request) => Promise<Response>>()
const json = (status: number, body: unknown, type = 'application/json') => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': type } })
const problem = (status: number, slug: string, more: object = {}) => json(status, { type: `/problems/${slug}`, title: slug, status, detail: 'Do this.', ...more }, 'application/problem+json')

beforeEach(() => {
  fetched.mockReset()
  vi.stubGlobal('fetch', fetched)
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 200 })
  return () => vi.useRealTimers()
})

const post = () => new Request('https://mingxun.test/api/x', { method: 'POST', body: '{"a":1}' })

it('gives the data of a success', async () => {
  fetched.mockResolvedValue(json(200, { id: '1', name: '王秀珍' }))
  expect((await call(api.GET('/api/me'))).name).toBe('王秀珍')
})

it('gives a refusal with its members', async () => {
  fetched.mockResolvedValue(problem(409, 'sign-up-refused', { reasons: ['overlaps', 'full'] }))
  const error = await call(api.GET('/api/me')).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(Refused)
  expect((error as Refused).slug).toBe('sign-up-refused')
  expect(explain(error)).toBe('和您另一班时间撞了，可以先退出那一班。位子都满了。')
})

it('sends an Idempotency-Key with each write and the same one on each try', async () => {
  const keys: (string | null)[] = []
  const bodies: string[] = []
  fetched.mockImplementation(async (request) => {
    keys.push(request.headers.get('Idempotency-Key'))
    bodies.push(await request.text())
    if (keys.length < 3) throw new TypeError('Failed to fetch')
    return json(200, {})
  })
  await send(post())
  expect(keys).toHaveLength(3)
  expect(keys[0]).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
  expect(new Set(keys).size).toBe(1)
  expect(bodies).toEqual(['{"a":1}', '{"a":1}', '{"a":1}'])
})

it('says that nobody answers when nobody does', async () => {
  fetched.mockRejectedValue(new TypeError('Failed to fetch'))
  const error = await call(api.GET('/api/me')).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(Unreachable)
  expect(network.online).toBe(false)
  expect(explain(error)).toContain('连不上')
})

it('does not try a refusal again', async () => {
  fetched.mockResolvedValue(problem(409, 'conflict'))
  await send(post())
  expect(fetched).toHaveBeenCalledTimes(1)
})

it('tells when the session is no longer known', async () => {
  const out = vi.fn()
  onSignedOut(out)
  fetched.mockResolvedValue(problem(401, 'not-signed-in'))
  await call(api.GET('/api/me')).catch(() => undefined)
  expect(out).toHaveBeenCalledOnce()
})

it('keeps one key for one wish and makes another for another', () => {
  const attempt = new Attempt()
  const first = attempt.for({ a: 1 })
  expect(attempt.for({ a: 1 })).toEqual(first)
  expect(attempt.for({ a: 2 })).not.toEqual(first)
  const third = attempt.for({ a: 2 })
  attempt.done()
  expect(attempt.for({ a: 2 })).not.toEqual(third)
})

it('falls back on the server’s own words for a problem it does not know', () => {
  expect(explain(new Refused({ type: '/problems/brand-new', title: 'New', status: 409, detail: 'Do this.' }))).toBe('Do this.')
})
