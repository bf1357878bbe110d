import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { live, onHint } from './live'

class FakeSource {
  static all: FakeSource[] = []
  static readonly CLOSED = 2
  readyState = 1
  onopen?: () => void
  onerror?: () => void
  onmessage?: (event: { data: string }) => void
  constructor(readonly url: string) {
    FakeSource.all.push(this)
  }
  addEventListener(): void {}
  close(): void {
    this.readyState = 2
  }
}

let stop: (() => void)[] = []
beforeEach(() => {
  vi.useFakeTimers()
  FakeSource.all = []
  vi.stubGlobal('EventSource', FakeSource)
})
afterEach(() => {
  stop.forEach((one) => one())
  stop = []
  vi.useRealTimers()
})

it('tells once about facts that come together, and only what concerns', () => {
  const told = vi.fn()
  stop.push(live(), onHint((hint) => hint.id === 'shift-1', told))
  const source = FakeSource.all[0]
  source?.onopen?.()
  source?.onmessage?.({ data: '{"topic":"signed_up","id":"shift-1","neighbourhood":"n","person":null}' })
  source?.onmessage?.({ data: '{"topic":"signed_up","id":"shift-1","neighbourhood":"n","person":null}' })
  source?.onmessage?.({ data: '{"topic":"ticket_opened","id":"ticket-1","neighbourhood":"n","person":null}' })
  vi.advanceTimersByTime(1_000)
  expect(told).toHaveBeenCalledTimes(1)
  source?.onmessage?.({ data: '{"topic":"ticket_opened","id":"ticket-1"}' })
  vi.advanceTimersByTime(1_000)
  expect(told).toHaveBeenCalledTimes(1)
})

it('takes a reconnection for a hint at everything, since hints may have been missed', () => {
  const told = vi.fn()
  stop.push(live(), onHint(() => false, told))
  FakeSource.all[0]?.onopen?.()
  vi.advanceTimersByTime(1_000)
  expect(told).not.toHaveBeenCalled()
  FakeSource.all[0]?.onopen?.()
  vi.advanceTimersByTime(1_000)
  expect(told).toHaveBeenCalledTimes(1)
})

it('comes back by itself when the server refuses, and waits longer each time', () => {
  stop.push(live())
  const refuse = () => {
    const source = FakeSource.all.at(-1)
    if (!source) return
    source.readyState = 2
    source.onerror?.()
  }
  refuse()
  vi.advanceTimersByTime(3_000)
  expect(FakeSource.all).toHaveLength(2)
  refuse()
  vi.advanceTimersByTime(3_000)
  expect(FakeSource.all).toHaveLength(2)
  vi.advanceTimersByTime(3_000)
  expect(FakeSource.all).toHaveLength(3)
})

it('takes what it can’t read for a hint at everything', () => {
  const told = vi.fn()
  stop.push(live(), onHint(() => false, told))
  FakeSource.all[0]?.onmessage?.({ data: 'not json' })
  vi.advanceTimersByTime(1_000)
  expect(told).toHaveBeenCalledTimes(1)
})
