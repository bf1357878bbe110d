/** What a screen is told when the phone can't keep something: never 已保存, never nothing. */
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Me } from '../api/types'
import { act } from '../tickets/act'
import { close, writeFact } from '../storage/database'
import { session } from '../session/session.svelte'
import { read, remove } from './deciding'
import { checkIn, checkOut, NotSaved, ticket } from './keeping'
import { outbox } from './outbox.svelte'
import * as queue from './queue'
import * as store from './store'

const WANG = { id: 'wang', session: 's', name: '王秀珍', language: 'zh', memberships: [] } as unknown as Me
const arriving = () => checkIn({ code: '408215', at: '2026-09-16T06:00:00Z', position: null, shift: null, sign_up: false }, {})
const leaving = (attendance: string | null = null) => checkOut({ attendance, code: null, at: '2026-09-16T08:00:00Z', position: null }, {})
const reporting = () => ticket('here', { category: 'lighting', urgency: 'urgent', what: '漏电', details: '', location: null, area: null, whereabouts: '', seen_at: '2026-09-16T06:00:00Z' }, [], {})

beforeEach(async () => {
  await close()
  globalThis.indexedDB = new IDBFactory()
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
  session.me = WANG
  session.state = 'in'
  outbox.items = []
})

describe('a phone that does not let the app keep anything', () => {
  beforeEach(() => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('storage is off', 'SecurityError')
    })
  })

  it.each([
    ['a check-in', arriving],
    ['a check-out', leaving],
    ['a report', reporting],
  ])('says so of %s', async (_, doing) => {
    await expect(doing()).rejects.toBeInstanceOf(NotSaved)
  })

  it('says so of an act on a ticket', async () => {
    expect(await act({ id: 't', what: '', location_name: null, area_name: null }, 'claim', {})).toEqual({ outcome: 'not-kept' })
  })
})

it('says so when the browser never opens its storage', async () => {
  vi.useFakeTimers()
  vi.spyOn(indexedDB, 'open').mockImplementation(() => new EventTarget() as IDBOpenDBRequest)
  const kept = expect(arriving()).rejects.toBeInstanceOf(NotSaved)
  await vi.advanceTimersByTimeAsync(10_000)
  await kept
  vi.useRealTimers()
})

it('says that it is kept when only looking fails afterwards', async () => {
  const kept = await arriving()
  vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementation(() => {
    throw new DOMException('broken', 'UnknownError')
  })
  expect((await kept.result(500)).state).toBe('saved')
})

it('never shows that nothing waits only because it can’t look', async () => {
  await writeFact('me', WANG)
  await arriving()
  await vi.waitFor(() => expect(outbox.mine).toHaveLength(1))
  vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementation(() => {
    throw new DOMException('broken', 'UnknownError')
  })
  await outbox.flush()
  expect(outbox.mine).toHaveLength(1)
})

describe('a check-in that the server refused', () => {
  beforeEach(async () => {
    const kept = await arriving()
    await queue.change(kept.id, (item) => ({ ...item, state: 'needs-you' }))
    await vi.waitFor(async () => {
      await outbox.flush()
      expect(outbox.needsYou).toBe(1)
    })
  })

  it('holds back neither a report nor a check-out that does not name it', async () => {
    const report = await reporting()
    const going = await leaving()
    const kept = await store.all()
    expect(kept.find((item) => item.id === report.id)?.dependsOn).toEqual([])
    expect(kept.find((item) => item.id === going.id)?.dependsOn).toEqual([])
  })
})

it('deletes for good only what could have been taken back', async () => {
  const { id } = await arriving()
  await vi.waitFor(() => expect(outbox.mine).toHaveLength(1))
  const undo = await remove(id)
  await vi.waitFor(() => expect(outbox.mine).toHaveLength(0))
  expect(await store.all()).toHaveLength(1)
  await undo?.()
  await vi.waitFor(() => expect(outbox.mine).toHaveLength(1))
})

it('tells what another record says otherwise until that was read', async () => {
  const { id } = await arriving()
  const [item] = await store.all()
  if (!item) throw new Error('not kept')
  await queue.settle(item, { id, person: 'wang', location_name: '东门岗亭', conflict: 'overlaps' }, 1)
  await outbox.flush()
  expect(outbox.conflicts.map((one) => one.id)).toEqual([id])
  await read(id)
  await vi.waitFor(() => expect(outbox.conflicts).toEqual([]))
})
