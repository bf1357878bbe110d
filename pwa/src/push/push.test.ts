import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Me } from '../api/types'
import { session } from '../session/session.svelte'
import { close, readFact, writeFact } from '../storage/database'

const KEY = 'BAEC'
const me = (id: string, of: string): Me => ({ id, name: '王秀珍', phone: '13800000000', language: 'zh', session: of, memberships: [] })

/** The browser's side: one subscription at most, and the push service's answer to a wish for another. */
let kept: { endpoint: string; key: string } | null
let made: number
const buffer = (key: string) => Uint8Array.from(atob(key), (one) => one.charCodeAt(0)).buffer
const subscription = () =>
  kept && {
    endpoint: kept.endpoint,
    options: { applicationServerKey: buffer(kept.key) },
    toJSON: () => ({ endpoint: kept?.endpoint, keys: { p256dh: 'p', auth: 'a' } }),
    unsubscribe: () => Promise.resolve(((kept = null), true)),
  }
const manager = {
  getSubscription: () => Promise.resolve(subscription()),
  subscribe: ({ applicationServerKey }: { applicationServerKey: Uint8Array<ArrayBuffer> }) => {
    kept = { endpoint: `https://push.example/${++made}`, key: btoa(String.fromCharCode(...applicationServerKey)) }
    return Promise.resolve(subscription())
  },
}

/** The server's side: which address it pushes to, and for which session. */
let serverKey: string
let live: { endpoint: string; session: string }[]
let gone: Set<string>
let asked: string[]
let away: boolean
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' } })
async function server(request: Request): Promise<Response> {
  if (away) throw new TypeError('no network')
  const path = new URL(request.url).pathname
  asked.push(`${request.method} ${path}`)
  if (path === '/api/push-key') return json(200, { key: serverKey })
  const of = session.me?.session ?? ''
  if (path === '/api/me/push-subscriptions' && request.method === 'POST') {
    const { endpoint } = (await request.json()) as { endpoint: string }
    if (gone.has(endpoint)) return json(409, { type: '/problems/push-subscription-gone', title: '', status: 409 })
    live = [...live.filter((one) => one.endpoint !== endpoint), { endpoint, session: of }]
    return json(201, {})
  }
  if (path === '/api/me/push-subscriptions') return json(200, { items: live.map((one) => ({ id: one.endpoint, failing: false, current: one.session === of })) })
  live = live.filter((one) => !path.endsWith(encodeURIComponent(one.endpoint)))
  return new Response(null, { status: 204 })
}
const posts = () => asked.filter((one) => one.startsWith('POST')).length

/** As freshly opened: nothing is remembered of the run before. */
async function opened() {
  vi.resetModules()
  vi.doMock('../session/session.svelte', () => ({ session }))
  return import('./push')
}

beforeEach(async () => {
  await close()
  globalThis.indexedDB = new IDBFactory()
  kept = null
  made = 0
  serverKey = KEY
  live = []
  gone = new Set()
  asked = []
  away = false
  session.me = me('wang', 's1')
  vi.stubGlobal('fetch', server)
  vi.stubGlobal('PushManager', class {})
  vi.stubGlobal('Notification', { permission: 'granted', requestPermission: () => Promise.resolve('granted') })
  const registration = { pushManager: manager }
  Object.defineProperty(navigator, 'serviceWorker', { configurable: true, value: { getRegistration: () => Promise.resolve(registration), ready: Promise.resolve(registration) } })
})

describe('push that was switched on', () => {
  it('hangs on the session: another sign-in gives it to the new one', async () => {
    const push = await opened()
    await push.switchOn()
    expect(live).toEqual([{ endpoint: 'https://push.example/1', session: 's1' }])
    session.me = me('wang', 's2')
    expect(await push.renew()).toBe(true)
    expect(live).toEqual([{ endpoint: 'https://push.example/1', session: 's2' }])
    await push.renew()
    expect(posts()).toBe(2)
  })
  it('is given anew whenever the app is opened', async () => {
    await (await opened()).switchOn()
    live = []
    await (await opened()).renew()
    expect(live).toHaveLength(1)
  })
  it('gets a new address when the server has another key', async () => {
    await (await opened()).switchOn()
    serverKey = 'BAED'
    await (await opened()).renew()
    expect(kept).toEqual({ endpoint: 'https://push.example/2', key: 'BAED' })
    expect(live.at(-1)).toEqual({ endpoint: 'https://push.example/2', session: 's1' })
  })
  it('gets a new address when the push service forgot the old one', async () => {
    await (await opened()).switchOn()
    gone.add('https://push.example/1')
    expect(await (await opened()).renew()).toBe(true)
    expect(live.at(-1)?.endpoint).toBe('https://push.example/2')
  })
  it('comes back when the browser lost it, for whoever wanted it', async () => {
    await (await opened()).switchOn()
    kept = null
    session.me = me('zhou', 's9')
    expect(await (await opened()).renew()).toBe(false)
    session.me = me('wang', 's2')
    expect(await (await opened()).renew()).toBe(true)
    expect(live.at(-1)).toEqual({ endpoint: 'https://push.example/2', session: 's2' })
  })
  it('rests while signed out, and comes back with its owner', async () => {
    const push = await opened()
    await push.switchOn()
    await push.silence()
    expect(kept).toBeNull()
    session.me = me('wang', 's2')
    expect(await push.renew()).toBe(true)
  })
  it('ends here and at the server when it is switched off, and stays off', async () => {
    const push = await opened()
    await push.switchOn()
    await push.switchOff()
    expect([kept, live]).toEqual([null, []])
    expect(await push.renew()).toBe(false)
    expect(await readFact('push')).toBeUndefined()
  })
  it('is never switched on for somebody by opening the app', async () => {
    expect(await (await opened()).renew()).toBe(false)
    expect(asked).toEqual([])
  })
})

describe('what is said of it', () => {
  it('is on when the server says so', async () => {
    const push = await opened()
    expect(await push.pushState()).toBe('off')
    await push.switchOn()
    expect(await push.pushState()).toBe('on')
  })
  it('is on again once the server, which had retired it, has it anew', async () => {
    const push = await opened()
    await push.switchOn()
    live = []
    expect(await push.pushState()).toBe('on')
    expect(live).toHaveLength(1)
  })
  it('is not on when the server refuses it', async () => {
    await (await opened()).switchOn()
    vi.stubGlobal('fetch', (request: Request) => (request.method === 'POST' ? Promise.resolve(json(422, { type: '/problems/push-endpoint-refused', title: '', status: 422 })) : server(request)))
    expect(await (await opened()).pushState()).toBe('off')
  })
  it('is unsure without a network', async () => {
    await (await opened()).switchOn()
    Object.defineProperty(navigator, 'onLine', { configurable: true, value: false })
    away = true
    expect(await (await opened()).pushState()).toBe('unsure')
    Object.defineProperty(navigator, 'onLine', { configurable: true, value: true })
  })
  it('is off once the browser forbids it, whatever is kept', async () => {
    await writeFact('push', 'wang')
    vi.stubGlobal('Notification', { permission: 'denied' })
    expect(await (await opened()).pushState()).toBe('denied')
    expect(asked).toEqual([])
  })
})

describe('a browser that changes its address in the background', () => {
  async function changed(): Promise<void> {
    vi.stubGlobal('registration', { pushManager: manager })
    const asRelative = globalThis.fetch as unknown as (request: Request) => Promise<Response>
    vi.stubGlobal('fetch', (path: string, init?: RequestInit) => asRelative(new Request(new URL(path, location.origin), { method: init?.method, body: init?.body, headers: init?.headers })))
    const { installPush } = await import('../sw/push')
    installPush()
    let work: Promise<unknown> = Promise.resolve()
    dispatchEvent(Object.assign(new Event('pushsubscriptionchange'), { waitUntil: (one: Promise<unknown>) => (work = one) }))
    await work
  }
  it('tells the server the new one', async () => {
    await changed()
    expect(live).toEqual([{ endpoint: 'https://push.example/1', session: 's1' }])
  })
  it('says nothing when the person took the permission back', async () => {
    vi.stubGlobal('Notification', { permission: 'denied' })
    await changed()
    expect(asked).toEqual([])
  })
})
