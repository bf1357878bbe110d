import axe from 'axe-core'
import { screen, waitFor, within } from '@testing-library/dom'
import userEvent from '@testing-library/user-event'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Me, Role } from '../api/types'
import { language } from '../i18n/language.svelte'
import { keep } from '../outbox/disk'
import * as make from '../outbox/make'
import * as store from '../outbox/store'
import { close, readFact, writeFact } from '../storage/database'
import { hasDrafts, writeDraft } from '../storage/drafts'

const NEIGHBOURHOOD = { id: '4ae7c5d0-0000-7000-8000-000000000001', name: '凌云里居民区' }
const me = (role: Role, more: Partial<Me> = {}): Me => ({
  id: '4ae7c5d0-0000-7000-8000-000000000002', name: '王秀珍', phone: '13800000000', language: 'zh', session: '4ae7c5d0-0000-7000-8000-000000000003',
  memberships: [{ id: '4ae7c5d0-0000-7000-8000-000000000004', role, area: NEIGHBOURHOOD.id, area_name: NEIGHBOURHOOD.name, party: null, neighbourhoods: [NEIGHBOURHOOD] }],
  ...more,
})

const LINK = 'a-token-of-one-start-22'

/** The server, as far as these screens see it. */
let who: Me | null
let asked: string[]
let leave: () => Promise<void>
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' } })
const refused = (status: number, slug: string) => json(status, { type: `/problems/${slug}`, title: slug, status })
async function server(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname
  asked.push(`${request.method} ${path}`)
  if (path === '/api/session' && request.method === 'POST') {
    const { password } = (await request.json()) as { password: string }
    if (password !== 'right') return refused(401, 'wrong-credentials')
    who = me('volunteer')
    return json(200, who)
  }
  if (path === '/api/session/link') {
    const { token } = (await request.json()) as { token: string }
    if (token !== LINK) return refused(410, 'sign-in-link-over')
    who = me('coordinator', { id: '4ae7c5d0-0000-7000-8000-000000000009', name: '陆敏' })
    return json(200, who)
  }
  if (!who) return refused(401, 'not-signed-in')
  if (path === '/api/me') return json(200, who)
  if (path === '/api/session') {
    who = null
    return new Response(null, { status: 204 })
  }
  if (path === '/api/me/inbox') return json(200, { items: [{ id: 'm1', kind: 'shift_changed', title: '明天的巡逻改到 9:30', body: '东门岗亭', path: '/shifts/1', at: '2026-09-16T01:00:00Z', read: false, push: 'shown' }], next_cursor: null, unread: 1 })
  if (path === '/api/me/inbox/read') return json(200, { unread: 0 })
  return refused(500, 'internal-error')
}

async function start(path: string): Promise<void> {
  history.replaceState(null, '', path)
  // The app as freshly opened: none of its modules remembers the test before.
  vi.resetModules()
  const { default: App } = await import('./App.svelte')
  const svelte = await import('svelte')
  const app = svelte.mount(App, { target: document.body })
  leave = () => svelte.unmount(app)
}

beforeEach(async () => {
  await close()
  globalThis.indexedDB = new IDBFactory()
  localStorage.clear()
  language.set('zh')
  asked = []
  who = null
  vi.stubGlobal('fetch', server)
  vi.stubGlobal('EventSource', class { static CLOSED = 2; addEventListener() {} close() {} })
  vi.stubGlobal('matchMedia', () => ({ matches: false }))
})
afterEach(async () => {
  await leave()
  document.body.replaceChildren()
  vi.unstubAllGlobals()
})

/** The heading of the screen, once it is `name`. */
const title = (name: string) => screen.findByRole('heading', { level: 1, name })
async function noViolations(): Promise<void> {
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } })
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}

describe('signing in', () => {
  it('asks who one is and then leads to where one was going', async () => {
    await start('/inbox')
    await title('登录明巡')
    await noViolations()
    const user = userEvent.setup()
    await user.type(screen.getByLabelText('手机号'), '13800000000')
    await user.type(screen.getByLabelText('密码'), 'wrong')
    await user.click(screen.getByRole('button', { name: '登录' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('手机号或者密码不对')
    await user.clear(screen.getByLabelText('密码'))
    await user.type(screen.getByLabelText('密码'), 'right')
    await user.click(screen.getByRole('button', { name: '登录' }))
    await title('消息')
    expect(location.pathname).toBe('/inbox')
    await waitFor(async () => expect(document.activeElement).toBe(await title('消息')))
    expect(await screen.findByText('明天的巡逻改到 9:30')).toBeVisible()
    await waitFor(() => expect(asked).toContain('POST /api/me/inbox/read'))
    await noViolations()
  })

  it('goes by itself with a link of the demonstration, whoever was in before, and leaves no token in the address', async () => {
    who = me('volunteer')
    await writeFact('me', who)
    await start(`/sign-in#19900000003.${LINK}`)
    await waitFor(async () => expect((await readFact<Me>('me'))?.name).toBe('陆敏'))
    expect(location.href).not.toContain(LINK)
    // Nothing of one person's screens goes on under another's name: the app begins anew, which here has to be done by hand.
    expect(location.pathname).toBe('/sign-in')
    await leave()
    await start(location.pathname + location.hash)
    await waitFor(() => expect(location.pathname).toBe('/now'))
    expect(asked.filter((one) => one === 'POST /api/session/link')).toHaveLength(1)
    expect(location.hash).toBe('')
  })

  it('says when the link was used, and keeps the number that it named', async () => {
    await start('/sign-in#19900000003.a-token-that-was-used-22')
    expect(await screen.findByRole('alert')).toHaveTextContent('这个链接用过了')
    expect(screen.getByLabelText('手机号')).toHaveValue('19900000003')
    expect(location.hash).toBe('#19900000003')
  })

  it('never leads to another site', async () => {
    await start(`/sign-in?to=${encodeURIComponent('//evil.example/x')}`)
    const user = userEvent.setup()
    await user.type(await screen.findByLabelText('手机号'), '13800000000')
    await user.type(screen.getByLabelText('密码'), 'right')
    await user.click(screen.getByRole('button', { name: '登录' }))
    await waitFor(() => expect(location.pathname).toBe('/'))
    expect(location.host).toBe(new URL(document.baseURI).host)
  })
})

describe('the first screen', () => {
  it.each([
    ['volunteer', '/'],
    ['coordinator', '/now'],
    ['secretary', '/now'],
    ['handler', '/tickets'],
  ] as const)('of a %s is %s', async (role, path) => {
    who = me(role)
    await start('/')
    await waitFor(() => expect(location.pathname).toBe(path))
  })

  it('opens without a network as whoever was signed in', async () => {
    await writeFact('me', me('volunteer'))
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    await start('/me')
    await title('王秀珍')
  })
})

describe('me', () => {
  it('has no barriers, in both languages', async () => {
    who = me('coordinator')
    await start('/me')
    await title('王秀珍')
    expect(screen.getAllByRole('link', { name: '点位' })[0]).toHaveAttribute('href', '/places')
    await noViolations()
    await userEvent.setup().click(screen.getByRole('radio', { name: 'English' }))
    expect(await screen.findByRole('heading', { name: 'Text size' })).toBeVisible()
    expect(document.documentElement.lang).toBe('en')
    await noViolations()
  })

  it('makes the text larger and remembers it', async () => {
    who = me('volunteer')
    await start('/me')
    await userEvent.setup().click(await screen.findByRole('radio', { name: '特大' }))
    expect(document.documentElement.dataset.text).toBe('150')
    expect(localStorage.getItem('mingxun.text')).toBe('150')
    delete document.documentElement.dataset.text
  })

  it('signs out, and nothing readable stays', async () => {
    who = me('volunteer')
    await start('/me')
    await userEvent.setup().click(await screen.findByRole('button', { name: '退出登录' }))
    await waitFor(() => expect(location.pathname).toBe('/sign-in'))
    expect(await readFact('me')).toBeUndefined()
    expect(asked).toContain('DELETE /api/session')
  })

  it('warns before signing out with something unsent, and keeps it', async () => {
    who = me('volunteer')
    await keep([{ item: { ...make.checkIn({ id: 'c1', code: '408215' }, { author: who.id, about: { place: '东门岗亭' }, now: new Date() }), state: 'needs-you' } }])
    await start('/me')
    const user = userEvent.setup()
    await screen.findAllByText('1 条没送到')
    await user.click(screen.getByRole('button', { name: '退出登录' }))
    expect(await screen.findByRole('dialog')).toHaveTextContent('还有 1 条没上传')
    await user.click(screen.getByRole('button', { name: '留着，先退出' }))
    await waitFor(() => expect(location.pathname).toBe('/sign-in'))
    expect((await store.all()).map((item) => item.id)).toEqual(['c1'])
    expect(await screen.findByText(/还有 1 条没上传/)).toBeVisible()
  })

  it('shows what waits, and lets one try, share or delete it', async () => {
    who = me('volunteer')
    await keep([{ item: { ...make.checkIn({ id: 'c1', code: '408215' }, { author: who.id, about: { place: '东门岗亭' }, now: new Date() }), state: 'needs-you', setback: { why: 'problem', problem: { type: '/problems/code-retired', title: '', status: 409, location_name: '东门岗亭' } } } }])
    await start('/me')
    const user = userEvent.setup()
    await user.click(await screen.findByRole('button', { name: /1 条没送到, / }))
    const dialog = await screen.findByRole('dialog')
    expect(dialog).toHaveTextContent('签到 · 东门岗亭')
    expect(dialog).toHaveTextContent('东门岗亭的海报换过了')
    await noViolations()
    await user.click(screen.getByRole('button', { name: '删掉' }))
    await waitFor(() => expect(dialog).toHaveTextContent('都上传了'))
    // All but the sheet is inert while it is open: the way back stands in it.
    await user.click(await within(dialog).findByRole('button', { name: '撤回' }))
    await waitFor(() => expect(dialog).toHaveTextContent('签到 · 东门岗亭'))
    expect((await store.all()).map((item) => [item.id, item.state])).toEqual([['c1', 'needs-you']])
  })

  it('signs out without a network, and ends the session before it asks who is signed in', async () => {
    who = me('volunteer')
    await start('/me')
    const user = userEvent.setup()
    const button = await screen.findByRole('button', { name: '退出登录' })
    vi.stubGlobal('fetch', (request: Request) => {
      asked.push(`${request.method} ${new URL(request.url).pathname}`)
      return Promise.reject(new TypeError('Failed to fetch'))
    })
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    await user.click(button)
    await waitFor(() => expect(location.pathname).toBe('/sign-in'))
    expect(await readFact('me')).toBeUndefined()
    await leave()
    document.body.replaceChildren()

    asked = []
    await start('/')
    await title('登录明巡')
    expect(asked).toEqual(['DELETE /api/session'])
    await leave()
    document.body.replaceChildren()

    // The network is back, and the cookie still good.
    vi.restoreAllMocks()
    vi.stubGlobal('fetch', server)
    asked = []
    await start('/')
    await title('登录明巡')
    await waitFor(() => expect(who).toBeNull())
    expect(asked).toEqual(['DELETE /api/session'])
    await waitFor(async () => expect(await readFact('to-end')).toBeUndefined())
  })
})

describe('a session that ends meanwhile', () => {
  it('is begun again over what somebody was writing, which goes on', async () => {
    who = me('volunteer')
    await start('/report')
    await title('报问题')
    const user = userEvent.setup()
    await user.type(screen.getByLabelText('说一句（可以不写）'), '三楼灯不亮')
    who = null
    const { session } = await import('../session/session.svelte')
    await session.refresh()
    const dialog = await screen.findByRole('dialog', { name: '登录明巡' })
    expect(dialog).toHaveTextContent('要重新登录一下')
    expect(location.pathname).toBe('/report')
    expect(await readFact('me')).toBeUndefined()
    await user.type(within(dialog).getByLabelText('手机号'), '13800000000')
    await user.type(within(dialog).getByLabelText('密码'), 'right')
    await user.click(within(dialog).getByRole('button', { name: '登录' }))
    await waitFor(() => expect(screen.queryByRole('dialog', { name: '登录明巡' })).toBeNull())
    expect(screen.getByLabelText('说一句（可以不写）')).toHaveValue('三楼灯不亮')
  })

  it('of this tab is not over because an older one is', async () => {
    who = me('volunteer')
    await start('/me')
    await title('王秀珍')
    // Another tab has signed in since.
    await waitFor(async () => expect(await readFact('me')).toBeDefined())
    who = me('volunteer', { session: '4ae7c5d0-0000-7000-8000-00000000000a' })
    await writeFact('me', who)
    const { session } = await import('../session/session.svelte')
    await session.expire()
    expect(session.state).toBe('in')
    expect(session.me?.session).toBe(who.session)
    expect(await readFact('me')).toEqual(who)
  })
})

describe('two tabs', () => {
  it('do not go on under another’s name', async () => {
    who = me('volunteer')
    await start('/me')
    await title('王秀珍')
    const { session } = await import('../session/session.svelte')
    const reload = vi.spyOn(session, 'anew').mockImplementation(() => undefined)
    await writeFact('me', me('coordinator', { id: '4ae7c5d0-0000-7000-8000-0000000000ff' }))
    document.dispatchEvent(new Event('visibilitychange'))
    await waitFor(() => expect(reload).toHaveBeenCalled())
  })

  it('leave together', async () => {
    who = me('volunteer')
    await start('/me')
    await title('王秀珍')
    await writeFact('me', undefined)
    document.dispatchEvent(new Event('visibilitychange'))
    await title('登录明巡')
  })
})

describe('a report that was not sent', () => {
  it('is there again when the app was closed, and gone after signing out, which says so', async () => {
    who = me('volunteer')
    await start('/report')
    await title('报问题')
    const user = userEvent.setup()
    await user.type(screen.getByLabelText('说一句（可以不写）'), '三楼灯不亮')
    await waitFor(async () => expect(await hasDrafts(me('volunteer').id)).toBe(true))
    await leave()
    document.body.replaceChildren()

    await start('/report')
    await screen.findByText('接着上次没报完的')
    expect(screen.getByLabelText('说一句（可以不写）')).toHaveValue('三楼灯不亮')
    await noViolations()
    await leave()
    document.body.replaceChildren()

    await start('/me')
    await user.click(await screen.findByRole('button', { name: '退出登录' }))
    expect(await screen.findByRole('dialog')).toHaveTextContent('还有一份没报完的问题')
    await user.click(screen.getByRole('button', { name: '不要了，退出' }))
    await waitFor(() => expect(location.pathname).toBe('/sign-in'))
    expect(await hasDrafts(me('volunteer').id)).toBe(false)
  })

  it('is another person’s business only when it is theirs', async () => {
    await writeDraft('somebody-else', 'report', { at: Date.now(), said: '别人写的', seenAt: null, category: null, place: null, whereabouts: '', urgent: false })
    who = me('volunteer')
    await start('/report')
    await title('报问题')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(screen.getByLabelText('说一句（可以不写）')).toHaveValue('')
  })
})

it('says so when there is no such page', async () => {
  who = me('volunteer')
  await start('/nowhere')
  await title('没有这一页')
  await noViolations()
})
