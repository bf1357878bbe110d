import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Refused, Unreachable } from '../api/problem'
import { RosterImport } from './roster.svelte'

/** As much of an XMLHttpRequest as an upload needs; each test says how it ends. */
class Upload {
  static all: Upload[] = []
  upload: { onprogress?: (event: { lengthComputable: boolean; loaded: number; total: number }) => void; onload?: () => void } = {}
  onload?: () => void
  onerror?: () => void
  ontimeout?: () => void
  onabort?: () => void
  status = 0
  responseText = ''
  timeout = 0
  url = ''
  headers: Record<string, string> = {}
  constructor() {
    Upload.all.push(this)
  }
  open(_: string, url: string): void {
    this.url = url
  }
  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value
  }
  getResponseHeader(): string {
    return this.status < 400 ? 'application/json' : 'application/problem+json'
  }
  send(): void {}
  abort(): void {
    this.onabort?.()
  }
  answer(status: number, body: unknown): void {
    this.status = status
    this.responseText = JSON.stringify(body)
    this.onload?.()
  }
  static get last(): Upload {
    const last = Upload.all.at(-1)
    if (!last) throw new Error('nothing was sent')
    return last
  }
}

const preview = { id: 'i1', file_name: '名册.xlsx', counts: { new: 1 }, new_buildings: [], ignored_columns: [], rows: [] }
const file = () => new File(['x'], '名册.xlsx')

beforeEach(() => {
  Upload.all = []
  vi.stubGlobal('XMLHttpRequest', Upload)
})

describe('importing a roster', () => {
  it('tells how far it is, then shows what would happen', async () => {
    const roster = new RosterImport()
    const sent = roster.send(file(), 'n1')
    expect(roster.step).toBe('sending')
    expect(Upload.last.url).toBe('/api/neighbourhoods/n1/roster-imports')
    expect(Upload.last.headers['X-File-Name']).toBe(encodeURIComponent('名册.xlsx'))
    Upload.last.upload.onprogress?.({ lengthComputable: true, loaded: 1, total: 4 })
    expect(roster.share).toBe(0.25)
    Upload.last.upload.onload?.()
    expect(roster.share).toBe(1)
    Upload.last.answer(201, preview)
    await sent
    expect(roster.step).toBe('preview')
    expect(roster.preview?.id).toBe('i1')
  })

  it('finds the same preview when the reply was lost, and a new one after an answer', async () => {
    const roster = new RosterImport()
    const one = file()
    const lost = roster.send(one, 'n1')
    Upload.last.onerror?.()
    await lost
    expect(roster.error).toBeInstanceOf(Unreachable)
    expect(roster.step).toBe('choose')
    const again = roster.send(one, 'n1')
    expect(Upload.all[1]?.headers['Idempotency-Key']).toBe(Upload.all[0]?.headers['Idempotency-Key'])
    Upload.last.answer(201, preview)
    await again
    const anew = roster.send(one, 'n1')
    expect(Upload.all[2]?.headers['Idempotency-Key']).not.toBe(Upload.all[1]?.headers['Idempotency-Key'])
    Upload.last.answer(201, preview)
    await anew
  })

  it('keeps why a file was refused', async () => {
    const roster = new RosterImport()
    const sent = roster.send(file(), 'n1')
    Upload.last.answer(422, { type: '/problems/roster-unreadable', title: '', status: 422, reason: 'encrypted', found: [] })
    await sent
    expect(roster.error).toBeInstanceOf(Refused)
    expect(roster.step).toBe('choose')
    expect(roster.file?.name).toBe('名册.xlsx')
  })

  it('does not send what is too large', async () => {
    const roster = new RosterImport()
    const large = file()
    Object.defineProperty(large, 'size', { value: 11 * 1024 * 1024 })
    await roster.send(large, 'n1')
    expect(roster.error).toBe('too-large')
    expect(Upload.all).toHaveLength(0)
  })

  it('can be stopped, and says nothing about it', async () => {
    const roster = new RosterImport()
    const sent = roster.send(file(), 'n1')
    roster.stop()
    await sent
    expect(roster.step).toBe('choose')
    expect(roster.error).toBeNull()
  })
})
