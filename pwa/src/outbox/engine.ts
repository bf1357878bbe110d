/** The sender in a tab. A chunk of its own: no screen needs it to open. */
import { network } from '../api/network.svelte'
import { readFact } from '../storage/database'
import { locked } from './lock'
import { onLetGo, tell } from './news'
import { reachable } from './reach'
import { sender } from './sender'

export const engine = sender({
  fetch: async (request) => {
    const response = await fetch(request)
    network.answered()
    return response
  },
  reachable: async () => {
    const there = await reachable()
    if (there) network.answered()
    else network.failed()
    return there
  },
  now: () => new Date(),
  // From the store and not from this tab's memory: another tab may have signed in as somebody else.
  author: async () => (await readFact<{ id: string }>('me'))?.id ?? null,
  locked,
  changed: tell,
  random: Math.random,
  origin: location.origin,
})
onLetGo(engine.letGo)
