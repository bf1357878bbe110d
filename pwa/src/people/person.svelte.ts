/** One person, read once: the server records every reading, so hints don't make it read again. */
import { untrack } from 'svelte'
import { api, call } from '../api/client'
import type { Me, PersonDetail } from '../api/types'
import { session } from '../session/session.svelte'
import { Reading } from '../storage/reading.svelte'

export function person(id: () => string): Reading<PersonDetail> {
  const one = new Reading(() => call(api.GET('/api/people/{person}', { params: { path: { person: id() } } })), { private: true })
  $effect(() => {
    const key = `person/${id()}`
    untrack(() => void one.begin(key))
  })
  return one
}

/** Whom the invitation is for, handed over from the screen that shows them: names don't belong into addresses. */
const handed = new WeakMap<Me, PersonDetail>()
export function handOver(person: PersonDetail): void {
  if (session.me) handed.set(session.me, person)
}
export function handedOver(id: string): PersonDetail | null {
  const found = session.me && handed.get(session.me)
  return found?.id === id ? found : null
}
