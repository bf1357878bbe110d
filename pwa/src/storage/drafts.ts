/** Something half written, of a person: theirs to go on with, also when their session ended meanwhile. */
import { database, draftsOf, readFact, writeFact } from './database'

const key = (person: string, what: string) => `draft/${person}/${what}`

export function readDraft<T>(person: string, what: string): Promise<T | undefined> {
  return readFact<T>(key(person, what))
}

/** `undefined` forgets it. */
export function writeDraft(person: string, what: string, value: unknown): Promise<void> {
  return writeFact(key(person, what), value)
}

export async function hasDrafts(person: string): Promise<boolean> {
  return (await (await database()).count('facts', draftsOf(person))) > 0
}
