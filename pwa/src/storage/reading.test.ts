import { render, screen, waitFor } from '@testing-library/svelte'
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, expect, it, vi } from 'vitest'
import { network } from '../api/network.svelte'
import { Refused, Unreachable } from '../api/problem'
import { close, database, eraseReadings, writeFact } from './database'
import Probe from './Probe.test.svelte'
import { forgetReadings, resumeReadings } from './reading.svelte'

const ME = { id: 'wang' }

beforeEach(async () => {
  await close()
  globalThis.indexedDB = new IDBFactory()
  forgetReadings()
  network.answered()
  await writeFact('me', ME)
})

const shows = async (text: string) => waitFor(() => expect(screen.getByTestId('data')).toHaveTextContent(text))
const kept = async () => (await (await database()).getAll('readings')).map((one) => one.key)

it('shows the server’s answer and keeps it for the next time', async () => {
  render(Probe, { path: 'a', read: async () => 'fresh' })
  await shows('fresh')
  await waitFor(async () => expect(await kept()).toEqual(['a']))
})

it('shows what was seen last while there is no network', async () => {
  const first = render(Probe, { path: 'a', read: async () => 'seen' })
  await shows('seen')
  await waitFor(async () => expect(await kept()).toEqual(['a']))
  first.unmount()
  forgetReadings()
  render(Probe, { path: 'a', read: () => Promise.reject(new Unreachable('off')) })
  await shows('seen')
  expect(screen.getByTestId('error')).toHaveTextContent('Unreachable')
})

it('does not show one person what another one saw', async () => {
  const first = render(Probe, { path: 'a', read: async () => 'of wang' })
  await shows('of wang')
  await waitFor(async () => expect(await kept()).toEqual(['a']))
  first.unmount()
  forgetReadings()
  await writeFact('me', { id: 'chen' })
  render(Probe, { path: 'a', read: () => Promise.reject(new Unreachable('off')) })
  await waitFor(() => expect(screen.getByTestId('error')).toHaveTextContent('Unreachable'))
  expect(screen.getByTestId('data')).toHaveTextContent('nothing')
})

it('keeps nothing that is private, and nothing at all after signing out', async () => {
  const first = render(Probe, { path: 'people', read: async () => 'names', options: { private: true } })
  await shows('names')
  first.unmount()
  expect(await kept()).toEqual([])
  render(Probe, { path: 'a', read: async () => 'fresh' })
  await waitFor(async () => expect(await kept()).toEqual(['a']))
  await eraseReadings()
  expect(await kept()).toEqual([])
})

it('stops showing what is gone or no longer ours', async () => {
  let gone = false
  const read = vi.fn(async () => {
    if (gone) throw new Refused({ type: '/problems/not-found', title: '', status: 404 })
    return 'there'
  })
  render(Probe, { path: 'a', read })
  await shows('there')
  gone = true
  screen.getByText('again').click()
  await shows('nothing')
  await waitFor(async () => expect(await kept()).toEqual([]))
})

it('neither shows nor keeps an answer that comes after signing out, also when somebody else has signed in', async () => {
  let answer: (value: string) => void = () => undefined
  const first = render(Probe, { path: 'a', read: () => new Promise<string>((resolve) => (answer = resolve)) })
  await Promise.resolve()
  await eraseReadings()
  forgetReadings()
  await writeFact('me', { id: 'chen' })
  answer('of wang')
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(screen.getByTestId('data')).toHaveTextContent('nothing')
  expect(await kept()).toEqual([])
  first.unmount()
  render(Probe, { path: 'a', read: () => Promise.reject(new Unreachable('off')) })
  await waitFor(() => expect(screen.getByTestId('error')).toHaveTextContent('Unreachable'))
  expect(screen.getByTestId('data')).toHaveTextContent('nothing')
})

it('asks nothing while nobody is signed in, and reads again when the session goes on', async () => {
  const read = vi.fn(async () => 'fresh')
  render(Probe, { path: 'a', read })
  await shows('fresh')
  forgetReadings()
  screen.getByText('again').click()
  await Promise.resolve()
  expect(read).toHaveBeenCalledTimes(1)
  resumeReadings()
  await waitFor(() => expect(read).toHaveBeenCalledTimes(2))
})

it('what somebody just did is newer than an answer that was under way', async () => {
  const answers: ((value: string) => void)[] = []
  render(Probe, { path: 'a', read: () => new Promise<string>((resolve) => answers.push(resolve)) })
  await waitFor(() => expect(answers).toHaveLength(1))
  screen.getByText('take').click()
  await shows('taken')
  answers[0]?.('older')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(screen.getByTestId('data')).toHaveTextContent('taken')
})

it('reads again when the network is back', async () => {
  const read = vi.fn(async () => 'fresh')
  render(Probe, { path: 'a', read })
  await shows('fresh')
  network.failed()
  await waitFor(() => expect(screen.getByTestId('online')).toHaveTextContent('false'))
  network.answered()
  await waitFor(() => expect(read).toHaveBeenCalledTimes(2))
})

it('an answer that was overtaken does not count', async () => {
  const answers: ((value: string) => void)[] = []
  const read = () => new Promise<string>((resolve) => answers.push(resolve))
  render(Probe, { path: 'a', read })
  await waitFor(() => expect(answers).toHaveLength(1))
  screen.getByText('again').click()
  await waitFor(() => expect(answers).toHaveLength(2))
  answers[1]?.('second')
  await shows('second')
  answers[0]?.('first')
  await Promise.resolve()
  expect(screen.getByTestId('data')).toHaveTextContent('second')
})
