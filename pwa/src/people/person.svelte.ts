/** One person, read once: the server records every reading, so hints don't make it read again. */
import { untrack } from 'svelte'
import { api, call } from '../api/client'
import type { PersonDetail, PersonOut } from '../api/types'
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
let handed: PersonOut | null = null
export function handOver(person: PersonOut): void {
  handed = person
}
export function handedOver(id: string): PersonOut | null {
  return handed?.id === id ? handed : null
}
