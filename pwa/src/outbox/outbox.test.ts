import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { close, eraseReadings } from '../storage/database'
import * as disk from './disk'
import * as givingUp from './giving-up'
import type { Item } from './items'
import * as make from './make'
import * as queue from './queue'
import { sender, type Surroundings } from './sender'
import * as store from './store'

const WANG = 'wang'
const CHEN = 'chen'
const START = Date.parse('2026-09-16T06:00:00Z')

type Answer = { status: number; body?: unknown; headers?: Record<string, string>; text?: string } | 'no network'
interface Sent { method: string; path: string; author: string | null; key: string | null; digest: string | null; match: string | null; body: unknown }

/** A server that answers as told, in a world without waiting. */
function world(answer: (sent: Sent) => Answer) {
  const sent: Sent[] = []
  const at = { now: START, author: WANG as string | null, reachable: false }
  let held: Promise<unknown> = Promise.resolve()
  let inside = 0
  const most = { inside: 0 }
  const around: Surroundings = {
    fetch: async (request) => {
      const type = request.headers.get('Content-Type')
      const one: Sent = {
        method: request.method,
        path: new URL(request.url).pathname,
        author: request.headers.get('X-Author'),
        key: request.headers.get('Idempotency-Key'),
        digest: request.headers.get('Content-Digest'),
        match: request.headers.get('If-Match'),
        body: type === 'application/json' ? await request.json() : (await request.arrayBuffer()).byteLength,
      }
      sent.push(one)
      most.inside = Math.max(most.inside, ++inside)
      await Promise.resolve()
      inside--
      const given = answer(one)
      if (given === 'no network') throw new TypeError('Failed to fetch')
      const problem = given.status >= 400
      return new Response(given.text ?? JSON.stringify(given.body ?? {}), {
        status: given.status,
        headers: { 'Content-Type': given.text !== undefined ? 'text/html' : problem ? 'application/problem+json' : 'application/json', ...given.headers },
      })
    },
    reachable: async () => at.reachable,
    now: () => new Date(at.now),
    author: async () => at.author,
    locked: (work) => {
      const turn = held.then(work, work)
      held = turn.catch(() => undefined)
      return turn
    },
    changed: () => undefined,
    random: () => 0.5,
    origin: 'https://mingxun.test',
  }
  return { sent, at, around, most, engine: sender(around) }
}

const made = (author = WANG, dependsOn: string[] = []) => ({ author, about: {}, now: new Date(START), dependsOn })
const checkIn = (id: string, author = WANG) => make.checkIn({ id, code: '408215', at: '2026-09-16T06:00:00Z' }, made(author))
const ticket = (id: string, dependsOn: string[] = [], photos: string[] = []) => make.ticket('here', { id, what: '积水', photos }, made(WANG, dependsOn))
const problem = (slug: string, status: number) => ({ status, body: { type: `/problems/${slug}`, title: slug, status } })
/** The server as it should be. */
const right = (sent: Sent): Answer => {
  const body = sent.body as { id?: string; attendance?: string }
  if (sent.path.startsWith('/api/photos/')) return { status: 200, body: { id: sent.path.split('/').pop(), sha256: 'abc' } }
  if (sent.path === '/api/check-outs') return { status: 201, body: { id: body.attendance ?? 'open', left: { at: 'x' } } }
  if (sent.path.endsWith('/claim')) return { status: 200, body: { id: sent.path.split('/')[3] } }
  return { status: 201, body: { id: body.id } }
}
const photo = (id: string) => ({ item: make.photo(id, { type: 'image/jpeg', size: 3, sha256: 'abc' }, made()), bytes: new Uint8Array([1, 2, 3]).buffer as ArrayBuffer })
const keep = (...items: Item[]) => disk.keep(items.map((item) => ({ item })))
const waiting = async () => (await store.all()).filter((item) => item.state !== 'given-up').map((item) => item.id)
const one = async (id: string) => (await store.all()).find((item) => item.id === id)

beforeEach(async () => {
  await close()
  globalThis.indexedDB = new IDBFactory()
})

describe('what is kept', () => {
  it('is written with strict durability before it counts as saved', async () => {
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
    await keep(checkIn('a'))
    expect(transaction.mock.calls.some(([stores, mode, options]) => Array.isArray(stores) && stores.includes('outbox') && mode === 'readwrite' && options?.durability === 'strict')).toBe(true)
    expect(await waiting()).toEqual(['a'])
  })

  it('survives the app being closed', async () => {
    await keep(checkIn('a'))
    await close()
    expect(await waiting()).toEqual(['a'])
  })

  it('is there once, however often it is kept', async () => {
    await keep(checkIn('a'))
    await keep(checkIn('a'))
    expect(await waiting()).toEqual(['a'])
  })

  it('is not called saved when the phone is full', async () => {
    vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    await expect(keep(checkIn('a'))).rejects.toBeInstanceOf(disk.NotSaved)
    vi.restoreAllMocks()
    expect(await waiting()).toEqual([])
  })

  it('is all there or not at all: a ticket never without its photos', async () => {
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    await expect(disk.keep([{ item: ticket('t', ['p'], ['p']) }, photo('p')])).rejects.toBeInstanceOf(disk.NotSaved)
    put.mockRestore()
    expect(await waiting()).toEqual([])
  })

  it('stays when the person signs out', async () => {
    await keep(checkIn('a'))
    await eraseReadings()
    expect(await waiting()).toEqual(['a'])
  })
})

describe('sending', () => {
  it('takes an item away on its receipt, and keeps the receipt', async () => {
    const { engine } = world(right)
    await keep(checkIn('a'))
    expect((await engine.flush()).outcome).toBe('emptied')
    expect(await waiting()).toEqual([])
    expect((await store.receiptOf('a'))?.receipt).toEqual({ id: 'a' })
  })

  it.each([
    ['another item’s receipt', { status: 200, body: { id: 'b' } }],
    ['a sign-in page of a hotel', { status: 200, text: '<html>Welcome</html>' }],
    ['an empty answer', { status: 204 as number, body: {} }],
  ])('does not take %s for a receipt', async (_, answer) => {
    const { engine } = world(() => (answer.status === 204 ? { status: 200, text: '' } : answer))
    await keep(checkIn('a'))
    const { nextAt } = await engine.flush()
    expect(await waiting()).toEqual(['a'])
    expect((await one('a'))?.setback?.why).toBe('no-receipt')
    expect(nextAt).toBeGreaterThan(START)
  })

  it('takes the stay that an earlier scan began for the receipt of a second scan, but not somebody else’s', async () => {
    const stay = (person: string) => ({ status: 200, body: { id: 'first', person, arrived: { at: 'x' }, left: null } })
    await keep(checkIn('second'))
    await world(() => stay(CHEN)).engine.flush()
    expect(await waiting()).toEqual(['second'])
    const { engine } = world(() => stay(WANG))
    await engine.again('second')
    await engine.flush()
    expect(await waiting()).toEqual([])
  })

  it('does not take a photo for delivered unless the hash is the phone’s, and sends it again', async () => {
    const { engine, at, sent } = world((one) => ({ status: 200, body: { id: one.path.split('/').pop(), sha256: sent.length === 1 ? 'cut' : 'abc' } }))
    await disk.keep([photo('p')])
    await engine.flush()
    expect(await waiting()).toEqual(['p'])
    at.now += 60_000
    await engine.flush()
    expect(await waiting()).toEqual([])
    expect(await queue.content('p')).toBeUndefined()
    expect(sent).toHaveLength(2)
  })

  it('lets the server check the bytes of a photo', async () => {
    const { engine, sent } = world(right)
    const bytes = new TextEncoder().encode('a picture').buffer as ArrayBuffer
    const item = make.photo('p', { type: 'image/jpeg', size: bytes.byteLength, sha256: await make.sha256(bytes) }, made())
    await disk.keep([{ item, bytes }])
    await engine.flush()
    expect(sent[0]).toMatchObject({ body: 9, digest: 'sha-256=:krL6WAKJWDF+QIvYTs+nD17jWxIZkdvCMsSdFmNTcIs=:' })
  })

  it('repeats the same Idempotency-Key and body on every try', async () => {
    let tries = 0
    const { engine, sent, at } = world((one) => (++tries === 1 ? 'no network' : right(one)))
    await keep(make.ticketAct('t', 'claim', {}, 3, made()))
    await engine.flush()
    at.now += 60_000
    await engine.flush()
    expect(sent).toHaveLength(2)
    expect(sent[0]?.key).toBeTruthy()
    expect(sent[1]).toEqual(sent[0])
    expect(await waiting()).toEqual([])
  })

  it('tells the phone’s clock anew with each check-in, and sends no key with it', async () => {
    let tries = 0
    const { engine, sent, at } = world((one) => (++tries === 1 ? 'no network' : right(one)))
    await keep(checkIn('a'))
    await engine.flush()
    at.now += 3_600_000
    await engine.flush()
    expect(sent.map((one) => one.key)).toEqual([null, null])
    expect(sent.map((one) => (one.body as { sent_at: string }).sent_at)).toEqual(['2026-09-16T06:00:00.000Z', '2026-09-16T07:00:00.000Z'])
    expect(sent.map((one) => (one.body as { at: string }).at)).toEqual(['2026-09-16T06:00:00Z', '2026-09-16T06:00:00Z'])
  })

  it('tells the phone’s clock with each report of an issue, too', async () => {
    let tries = 0
    const { engine, sent, at } = world((one) => (++tries === 1 ? 'no network' : right(one)))
    await keep(ticket('t'))
    await engine.flush()
    at.now += 3_600_000
    await engine.flush()
    expect(sent.map((one) => one.key)).toEqual([null, null])
    expect(sent.map((one) => one.body)).toEqual(['06', '07'].map((hour) => ({ id: 't', what: '积水', photos: [], sent_at: `2026-09-16T${hour}:00:00.000Z` })))
    expect(await waiting()).toEqual([])
  })

  it('delivers a report kept by an older version as it was, with its key', async () => {
    const { engine, sent } = world(right)
    const body = { id: 't', what: '积水', photos: [], attendance: 'a', seen_at: '2026-09-15T06:00:00Z' }
    await keep({ ...ticket('t'), body, idempotencyKey: 'of-old' })
    await engine.flush()
    expect(sent).toMatchObject([{ key: 'of-old', body }])
    expect(sent[0]?.body).toEqual(body)
    expect(await waiting()).toEqual([])
  })

  it('keeps the order: photo, then its ticket, then an act on it', async () => {
    const { engine, sent } = world(right)
    await disk.keep([photo('p')])
    await keep(ticket('t', ['p'], ['p']))
    await keep(make.ticketAct('t', 'claim', {}, null, made(WANG, ['t'])))
    await engine.flush()
    expect(sent.map((one) => one.path)).toEqual(['/api/photos/p', '/api/neighbourhoods/here/tickets', '/api/tickets/t/claim'])
  })

  it('acts on a ticket only as it was seen', async () => {
    const { engine, sent } = world(right)
    await keep(make.ticketAct('t', 'claim', {}, 3, made()))
    await engine.flush()
    expect(sent[0]?.match).toBe('"3"')
  })

  it('does not send a check-out before its check-in has gone', async () => {
    const { engine, sent } = world((one) => (one.path === '/api/check-ins' ? problem('code-unknown', 404) : right(one)))
    await keep(checkIn('a'))
    await keep(make.checkOut({ id: 'b', attendance: 'a', at: '2026-09-16T08:00:00Z' }, made(WANG, ['a'])))
    await engine.flush()
    expect(sent.map((one) => one.path)).toEqual(['/api/check-ins'])
    expect(await waiting()).toEqual(['a', 'b'])
  })

  it('sends what was kept while it was sending', async () => {
    const { engine } = world(right)
    await keep(checkIn('a'))
    const first = engine.flush()
    await keep(checkIn('b'))
    await Promise.all([first, engine.flush(), engine.flush()])
    expect(await waiting()).toEqual([])
  })

  it('sends each item once although tabs and worker flush at the same time', async () => {
    const { around, sent, most } = world(right)
    await keep(checkIn('a'), checkIn('b'))
    await Promise.all([sender(around).flush(), sender(around).flush(), sender(around).flush()])
    expect(sent).toHaveLength(2)
    expect(most.inside).toBe(1)
  })
})

describe('refusals', () => {
  it.each([400, 403, 404, 409, 413, 422])('parks an item that is answered %i, with the reason, and the rest goes on', async (status) => {
    const { engine } = world((one) => ((one.body as { id: string }).id === 'a' ? problem('some-reason', status) : right(one)))
    await keep(checkIn('a'), checkIn('b'))
    const { nextAt } = await engine.flush()
    expect(await waiting()).toEqual(['a'])
    const parked = await one('a')
    expect(parked?.state).toBe('needs-you')
    expect(parked?.setback).toMatchObject({ why: 'problem', problem: { type: '/problems/some-reason', status } })
    expect(nextAt).toBeNull()
  })

  it('tries a parked item again when the person says so', async () => {
    let refuse = true
    const { engine } = world((one) => (refuse ? problem('conflict', 409) : right(one)))
    await keep(checkIn('a'))
    await engine.flush()
    refuse = false
    await engine.again('a')
    await engine.flush()
    expect(await waiting()).toEqual([])
  })

  it('tries an item by itself again that a proxy refused, but not one that the server refused', async () => {
    let proxy = true
    const { engine } = world((one) => ((one.body as { id: string }).id === 'b' ? problem('conflict', 409) : proxy ? { status: 403, text: 'Blocked' } : right(one)))
    await keep(checkIn('a'), checkIn('b'))
    await engine.flush()
    expect((await store.all()).map((item) => item.state)).toEqual(['needs-you', 'needs-you'])
    proxy = false
    await engine.hurry()
    await engine.flush()
    expect(await waiting()).toEqual(['b'])
  })

  it.each([500, 502, 503])('delays an item that is answered %i, and the rest goes on', async (status) => {
    const { engine, at } = world((one) => ((one.body as { id: string }).id === 'a' && at.now === START ? { status, text: 'oops' } : right(one)))
    await keep(checkIn('a'), checkIn('b'))
    const { outcome, nextAt } = await engine.flush()
    expect(outcome).toBe('waiting')
    expect(await waiting()).toEqual(['a'])
    expect((await one('a'))?.state).toBe('waiting')
    at.now = nextAt ?? 0
    await engine.flush()
    expect(await waiting()).toEqual([])
  })

  it('waits longer each time, and never longer than a quarter of an hour', async () => {
    const { engine, at } = world(() => ({ status: 500, text: 'oops' }))
    await keep(checkIn('a'))
    const waits: number[] = []
    for (let round = 0; round < 14; round++) {
      const { nextAt } = await engine.flush()
      waits.push((nextAt ?? 0) - at.now)
      at.now = nextAt ?? 0
    }
    expect(waits[0]).toBe(2_000)
    expect(waits[3]).toBe(16_000)
    expect(Math.max(...waits)).toBe(15 * 60_000)
  })

  it.each([
    ['120', 120_000],
    ['Wed, 16 Sep 2026 06:05:00 GMT', 300_000],
  ])('stops at 429 for as long as Retry-After %s says', async (header, wait) => {
    const { engine, sent, at } = world((one) => (at.now < START + wait ? { ...problem('too-many-tries', 429), headers: { 'Retry-After': header } } : right(one)))
    await keep(checkIn('a'), checkIn('b'))
    expect((await engine.flush()).nextAt).toBe(START + wait)
    expect(sent).toHaveLength(1)
    at.now = START + wait
    await engine.flush()
    expect(await waiting()).toEqual([])
  })

  it('delays only the kind that was answered 429, and the rest goes on', async () => {
    const { engine, sent } = world((one) => (one.path === '/api/check-ins' ? { ...problem('too-many-tries', 429), headers: { 'Retry-After': '600' } } : right(one)))
    await keep(checkIn('a'), checkIn('b'), ticket('t'))
    expect((await engine.flush()).nextAt).toBe(START + 600_000)
    expect(sent.map((one) => one.path)).toEqual(['/api/check-ins', '/api/neighbourhoods/here/tickets'])
    expect(await waiting()).toEqual(['a', 'b'])
  })

  it('lets those behind it go first when one item never gets an answer', async () => {
    const { engine, at } = world((one) => ((one.body as { id: string }).id === 'a' ? 'no network' : right(one)))
    await keep(checkIn('a'), checkIn('b'), checkIn('c'))
    const { nextAt } = await engine.flush()
    expect(await waiting()).toEqual(['a', 'b', 'c'])
    at.now = nextAt ?? 0
    await engine.flush()
    expect(await waiting()).toEqual(['a'])
  })

  it('does not wait for a time that a wrong clock had set', async () => {
    let refuse = true
    const { engine, at } = world((one) => (refuse ? { status: 502, text: 'oops' } : right(one)))
    at.now += 48 * 3_600_000
    await keep(checkIn('a'))
    await engine.flush()
    refuse = false
    at.now = START
    expect((await engine.flush()).outcome).toBe('emptied')
  })

  it('honours Retry-After of a 503', async () => {
    const { engine } = world(() => ({ ...problem('unavailable', 503), headers: { 'Retry-After': '3' } }))
    await keep(checkIn('a'))
    expect((await engine.flush()).nextAt).toBe(START + 3_000)
  })

  it('stops without a network instead of trying every item, and hurries when it is back', async () => {
    let online = false
    const { engine, sent } = world((one) => (online ? right(one) : 'no network'))
    await keep(checkIn('a'), checkIn('b'))
    await engine.flush()
    expect(sent).toHaveLength(1)
    online = true
    await engine.hurry()
    await engine.flush()
    expect(await waiting()).toEqual([])
  })

  it('sends a photo again that was cut on its way', async () => {
    let first = true
    const { engine, at } = world((one) => {
      if (!first) return right(one)
      first = false
      return problem('digest-mismatch', 400)
    })
    await disk.keep([photo('p')])
    const { nextAt } = await engine.flush()
    expect((await one('p'))?.state).toBe('waiting')
    at.now = nextAt ?? 0
    await engine.flush()
    expect(await waiting()).toEqual([])
  })
})

describe('whose it is', () => {
  it('waits at 401 for the same person to sign in', async () => {
    let session = false
    const { engine, sent } = world((one) => (session ? right(one) : problem('not-signed-in', 401)))
    await keep(checkIn('a'), checkIn('b'))
    expect((await engine.flush()).outcome).toBe('signed-out')
    expect(sent).toHaveLength(1)
    expect((await store.all()).map((item) => item.state)).toEqual(['waiting', 'waiting'])
    session = true
    await engine.hurry()
    await engine.flush()
    expect(await waiting()).toEqual([])
  })

  it('sends nothing while nobody is signed in', async () => {
    const { engine, sent, at } = world(right)
    at.author = null
    await keep(checkIn('a'))
    expect((await engine.flush()).outcome).toBe('signed-out')
    expect(sent).toHaveLength(0)
  })

  it('never sends one person’s items as another', async () => {
    const { engine, sent, at } = world(right)
    await keep(checkIn('a', WANG), checkIn('b', CHEN))
    at.author = CHEN
    await engine.flush()
    expect(sent.map((one) => (one.body as { id: string }).id)).toEqual(['b'])
    expect(await waiting()).toEqual(['a'])
    at.author = WANG
    await engine.flush()
    expect(await waiting()).toEqual([])
  })
})

describe('what never gets through', () => {
  /** Whatever is sent for `id` breaks off, although the server can be reached. */
  const breaking = (id: string) => {
    const one = world((sent) => (sent.path.endsWith(`/${id}`) || (sent.body as { id?: string }).id === id ? 'no network' : right(sent)))
    one.at.reachable = true
    return one
  }

  it('holds back neither older nor later items, of whatever kind', async () => {
    const { engine } = breaking('p')
    await disk.keep([photo('p')])
    await keep(checkIn('a'))
    await disk.keep([photo('q')])
    await engine.flush()
    expect(await waiting()).toEqual(['p'])
  })

  it('is tried again later, after all that failed less', async () => {
    const { engine, sent, at } = breaking('a')
    await keep(checkIn('a'))
    await engine.flush()
    at.now += 60_000
    await keep(checkIn('b'))
    await engine.flush()
    expect(sent.map((one) => (one.body as { id: string }).id)).toEqual(['a', 'b', 'a'])
    expect(await one('a')).toMatchObject({ state: 'waiting', tries: 2 })
  })

  it('does not come first each time the app is opened', async () => {
    const { engine, sent, at } = breaking('a')
    at.reachable = true
    await keep(checkIn('a'))
    await engine.flush()
    await keep(checkIn('b'))
    await engine.hurry()
    await engine.flush()
    expect(sent.map((one) => (one.body as { id: string }).id).slice(0, 2)).toEqual(['a', 'b'])
    expect(await waiting()).toEqual(['a'])
  })

  it('is not to blame for times without a network', async () => {
    const { engine, at } = world(() => 'no network')
    await keep(checkIn('a'))
    const waits: number[] = []
    for (let round = 0; round < 12; round++) {
      const { nextAt } = await engine.flush()
      waits.push((nextAt ?? 0) - at.now)
      at.now = nextAt ?? 0
    }
    expect((await one('a'))?.tries).toBe(0)
    expect(waits[1]).toBeGreaterThan(waits[0] ?? 0)
    expect(Math.max(...waits)).toBe(15 * 60_000)
  })

  it('because the phone lost its bytes, is shown to the person, and the rest goes on', async () => {
    const { engine, sent } = world(right)
    await disk.keep([{ item: photo('p').item }])
    await keep(checkIn('a'))
    await engine.flush()
    expect(sent.map((one) => one.path)).toEqual(['/api/check-ins'])
    expect(await one('p')).toMatchObject({ state: 'needs-you', setback: { why: 'no-content' } })
  })

  it('because the phone could not write down how it went, leaves the rest to go on', async () => {
    const { engine } = world((one) => ((one.body as { id: string }).id === 'a' ? { status: 500, text: 'oops' } : right(one)))
    await keep(checkIn('a'), checkIn('b'))
    const original = IDBObjectStore.prototype.put
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...given: Parameters<IDBObjectStore['put']>) {
      if (this.name === 'outbox') throw new DOMException('full', 'QuotaExceededError')
      return Reflect.apply(original, this, given)
    })
    await engine.flush()
    put.mockRestore()
    expect(await waiting()).toEqual(['a'])
  })
})

describe('who comes first', () => {
  it('is who is present, then what happened, then pictures; those of something dangerous before others', async () => {
    const { engine, sent } = world(right)
    const urgent = make.ticket('here', { id: 'u', urgency: 'urgent', photos: ['q'] }, made(WANG, ['q']))
    await disk.keep([photo('p'), { item: ticket('t', ['p'], ['p']) }, photo('q'), { item: urgent }, { item: checkIn('a') }])
    await engine.flush()
    expect(sent.map((one) => one.path.replace('/neighbourhoods/here', ''))).toEqual(['/api/check-ins', '/api/photos/q', '/api/tickets', '/api/photos/p', '/api/tickets'])
    expect((sent[2]?.body as { id: string }).id).toBe('u')
  })

  it('is not one kind that the server limits: the others go on', async () => {
    const { engine, sent, at } = world((one) => (one.path === '/api/check-ins' && at.now < START + 600_000 ? { ...problem('too-many-tries', 429), headers: { 'Retry-After': '600' } } : right(one)))
    await keep(checkIn('a'), checkIn('b'), ticket('t'))
    const { nextAt } = await engine.flush()
    expect(await waiting()).toEqual(['a', 'b'])
    expect(sent.filter((one) => one.path === '/api/check-ins')).toHaveLength(1)
    expect(nextAt).toBe(START + 600_000)
    at.now = START + 600_000
    await engine.flush()
    expect(await waiting()).toEqual([])
  })

  it('is nobody while the server says that it is away', async () => {
    const { engine, sent } = world(() => ({ ...problem('unavailable', 503), headers: { 'Retry-After': '3' } }))
    await keep(checkIn('a'), checkIn('b'))
    expect((await engine.flush()).nextAt).toBe(START + 3_000)
    expect(sent).toHaveLength(1)
  })
})

describe('what stands on a refused check-in', () => {
  const parked = (id: string): Item => ({ ...checkIn(id), state: 'needs-you' })

  it('is not a report, also not one that an older app kept so', async () => {
    const { engine } = world(right)
    await keep(parked('a'), ticket('t', ['a']))
    await engine.flush()
    expect(await waiting()).toEqual(['a'])
  })

  it('is not a check-out that names no stay', async () => {
    const { engine } = world(right)
    await keep(parked('a'), make.checkOut({ id: 'b', attendance: null, at: '2026-09-16T08:00:00Z' }, made(WANG, ['a'])))
    await engine.flush()
    expect(await waiting()).toEqual(['a'])
  })
})

describe('the lock', () => {
  it('is free between two items, so that signing in waits for one at most', async () => {
    const { around } = world(right)
    const story: string[] = []
    const engine = sender({ ...around, fetch: async (request) => {
      const { id } = (await request.clone().json()) as { id: string }
      if (id === 'a') void around.locked(async () => void story.push('signed in'))
      story.push(id)
      return around.fetch(request)
    } })
    await keep(checkIn('a'), checkIn('b'))
    await engine.flush()
    expect(story).toEqual(['a', 'signed in', 'b'])
  })

  it('is let go at once when asked: what was being sent stays, and nothing is counted against it', async () => {
    const { around } = world(right)
    const engine = sender({ ...around, fetch: (request) => new Promise((_, reject) => {
      request.signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
      engine.letGo()
    }) })
    await keep(checkIn('a'), checkIn('b'))
    expect((await engine.flush()).outcome).toBe('waiting')
    expect((await store.all()).map(({ tries, setback }) => [tries, setback])).toEqual([[0, null], [0, null]])
  })
})

describe('another person’s cookie', () => {
  it('is told by the server: each item says whose it is, and waits for its author', async () => {
    let cookie = CHEN
    const { engine, sent } = world((one) => (one.author === cookie ? right(one) : problem('other-author', 409)))
    await keep(checkIn('a'), checkIn('b'))
    expect((await engine.flush()).outcome).toBe('other-author')
    expect(sent.map((one) => one.author)).toEqual([WANG])
    expect((await store.all()).map((item) => item.state)).toEqual(['waiting', 'waiting'])
    cookie = WANG
    await engine.hurry()
    await engine.flush()
    expect(await waiting()).toEqual([])
  })
})

describe('a full phone', () => {
  it('still lets go of what the server has, and knows the receipt', async () => {
    const { engine } = world(right)
    await keep(checkIn('a'))
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    await engine.flush()
    put.mockRestore()
    expect(await waiting()).toEqual([])
    expect((await store.receiptOf('a'))?.receipt).toEqual({ id: 'a' })
  })
})

describe('an app that was updated while things waited', () => {
  /** As the first version wrote it, and one before it that had less. */
  const FIRST = { v: 1, id: 'a', kind: 'check-in', method: 'POST', url: '/api/check-ins', body: { id: 'a', code: '408215', at: '2026-09-16T06:00:00Z' }, content: null, idempotencyKey: null, about: {}, createdAt: START, author: WANG, dependsOn: [], state: 'waiting', tries: 3, nextTryAt: 0, setback: { why: 'status', status: 502 } }
  const BEFORE = { v: 1, id: 'b', kind: 'ticket', method: 'POST', url: '/api/neighbourhoods/here/tickets', body: { id: 'b', what: '积水', attendance: 'gone', photos: [] }, idempotencyKey: 'key', author: WANG, createdAt: START }

  it('sends what two versions back kept', async () => {
    await new Promise<void>((resolve, reject) => {
      const open = indexedDB.open('mingxun', 1)
      open.onupgradeneeded = () => {
        open.result.createObjectStore('facts')
        open.result.createObjectStore('readings', { keyPath: 'key' }).createIndex('at', 'at')
        open.result.createObjectStore('outbox', { keyPath: 'seq', autoIncrement: true }).createIndex('id', 'id', { unique: true })
        open.result.createObjectStore('contents', { keyPath: 'id' })
        open.result.createObjectStore('receipts', { keyPath: 'id' }).createIndex('at', 'at')
      }
      open.onsuccess = () => {
        const tx = open.result.transaction('outbox', 'readwrite')
        tx.objectStore('outbox').add(FIRST)
        tx.objectStore('outbox').add(BEFORE)
        tx.oncomplete = () => {
          open.result.close()
          resolve()
        }
      }
      open.onerror = () => reject(open.error ?? new Error('not opened'))
    })
    const { engine, sent } = world(right)
    expect((await engine.flush()).outcome).toBe('emptied')
    expect(sent.map((one) => [one.path, one.key])).toEqual([['/api/neighbourhoods/here/tickets', 'key'], ['/api/check-ins', null]])
  })

  it('goes on beside a tab of a newer version, which has more stores', async () => {
    await keep(checkIn('a'))
    await close()
    await new Promise<void>((resolve) => {
      const open = indexedDB.open('mingxun', 9)
      open.onupgradeneeded = () => open.result.createObjectStore('more')
      open.onsuccess = () => {
        open.result.close()
        resolve()
      }
    })
    await keep(checkIn('b'))
    await world(right).engine.flush()
    expect(await waiting()).toEqual([])
  })
})

describe('giving up', () => {
  it('is only ever done by a person, and can be undone in its old place', async () => {
    await keep(checkIn('a'), checkIn('b'))
    expect(await givingUp.giveUp('a', START)).toBe(true)
    expect(await waiting()).toEqual(['b'])
    await givingUp.takeBack('a')
    expect(await waiting()).toEqual(['a', 'b'])
  })

  it('is final only when there was time to undo it; until then it is neither sent nor lost', async () => {
    const { engine, sent } = world(right)
    await disk.keep([photo('p')])
    await givingUp.giveUp('p', START)
    await engine.flush()
    expect(await givingUp.bury(START - 1)).toBe(START)
    expect(sent).toEqual([])
    expect(await queue.content('p')).toBeDefined()
    // The app was closed in between.
    await close()
    expect(await givingUp.bury(START)).toBeNull()
    expect(await store.all()).toEqual([])
    expect(await queue.content('p')).toBeUndefined()
    await givingUp.takeBack('p')
    expect(await store.all()).toEqual([])
  })

  it('takes a photo out of the ticket that waits for it, and undo puts it back', async () => {
    await disk.keep([photo('p')])
    await keep(ticket('t', ['p'], ['p']))
    await givingUp.giveUp('p', START)
    await givingUp.takeBack('p')
    expect(await one('t')).toMatchObject({ dependsOn: ['p'], body: { photos: ['p'] } })
    expect(await queue.content('p')).toBeDefined()
    await givingUp.giveUp('p', START)
    await givingUp.bury(START)
    expect(await one('t')).toMatchObject({ dependsOn: [], body: { photos: [] } })
    expect(await queue.content('p')).toBeUndefined()
  })
})
