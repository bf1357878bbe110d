/** What a person decides about something that waits. */
import { markRead } from './conflicts'
import { writing } from './disk'
import { giveUp, takeBack } from './giving-up'
import { tell } from './news'
import { engine, outbox } from './outbox.svelte'

export async function again(id: string): Promise<void> {
  await outbox.attempt(async () => (await engine()).again(id))
  await outbox.flush()
}

/**
 * Deleted by its author, which is final only when they had the time to take it back. Returns how to do so; null when it has
 * gone already. Throws NotSaved when the phone could not write it down.
 */
export async function remove(id: string): Promise<(() => Promise<void>) | null> {
  const given = await writing(() => giveUp(id, Date.now()))
  tell()
  void outbox.bury()
  if (!given) return null
  return async () => {
    await outbox.attempt(() => takeBack(id))
    tell()
    void outbox.flush()
  }
}

/** The person has read what another record says. */
export async function read(id: string): Promise<void> {
  await outbox.attempt(() => markRead(id))
  await outbox.look()
}
