/**
 * What the phone keeps, in one IndexedDB. Small on purpose (OWASP ASVS 14.3.3): see docs and `eraseReadings`.
 *
 * Stores: `facts` (who is signed in, chosen neighbourhood, device id, a session that is still to be ended, what is half written),
 * `readings` (what screens last showed, per person),
 * `outbox` + `contents` (what waits to be sent), `receipts` (the answers to the last things sent).
 * Used by tabs and by the service worker: no DOM here.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Item, Receipt } from '../outbox/items'

export interface Reading { key: string; person: string; value: unknown; at: number }

interface Schema extends DBSchema {
  facts: { key: string; value: unknown }
  readings: { key: string; value: Reading; indexes: { at: number } }
  outbox: { key: number; value: Item; indexes: { id: string } }
  contents: { key: string; value: { id: string; bytes: ArrayBuffer } }
  receipts: { key: string; value: Receipt; indexes: { at: number } }
}
export type Database = IDBPDatabase<Schema>

const NAME = 'mingxun'
/** Go up by one for every new store, and keep each old step in `upgrade`: a queue may wait in an old one. Stores are only ever added. */
const VERSION = 1
/** How long the browser may take to open it, milliseconds. Some hang for ever when their storage is broken. */
const LIMIT = 8_000

let opened: Promise<Database> | undefined

/** Rejects when the phone does not let the app keep anything. */
export function database(): Promise<Database> {
  opened ??= within(open(VERSION)).catch((error: unknown) => {
    opened = undefined
    throw error
  })
  return opened
}

/** A database that comes too late is closed again: whoever asked for it has been told that there is none. */
async function within(opening: Promise<Database>): Promise<Database> {
  let late = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late = true
      reject(new Error('the database does not open'))
    }, LIMIT)
  })
  opening.then((db) => late && db.close(), () => undefined)
  try {
    return await Promise.race([opening, limit])
  } finally {
    clearTimeout(timer)
  }
}

async function open(version?: number): Promise<Database> {
  try {
    return await opening(version)
  } catch (error) {
    // Another tab runs a newer app: the stores that this one knows are in it, too.
    if (version !== undefined && error instanceof DOMException && error.name === 'VersionError') return open()
    throw error
  }
}

function opening(version: number | undefined): Promise<Database> {
  return openDB<Schema>(NAME, version, {
    upgrade(db, before) {
      if (before < 1) {
        db.createObjectStore('facts')
        db.createObjectStore('readings', { keyPath: 'key' }).createIndex('at', 'at')
        db.createObjectStore('outbox', { keyPath: 'seq', autoIncrement: true }).createIndex('id', 'id', { unique: true })
        db.createObjectStore('contents', { keyPath: 'id' })
        db.createObjectStore('receipts', { keyPath: 'id' }).createIndex('at', 'at')
      }
    },
    blocking() {
      // A newer tab wants to upgrade: let go, the next call opens anew.
      void close()
    },
    terminated() {
      // iOS cuts the connection of a page that slept.
      opened = undefined
    },
  })
}

/** Lets go of the connection; the next use opens it again. */
export async function close(): Promise<void> {
  const before = opened
  opened = undefined
  ;(await before?.catch(() => undefined))?.close()
}

export async function readFact<T>(key: string): Promise<T | undefined> {
  return (await (await database()).get('facts', key)) as T | undefined
}

export async function writeFact(key: string, value: unknown): Promise<void> {
  const db = await database()
  if (value === undefined) await db.delete('facts', key)
  else await db.put('facts', value, key)
}

/** A random name of this phone's app, for the server's “same phone” flag. Made once, erased with the app's data. */
export async function deviceId(): Promise<string> {
  const db = await database()
  const tx = db.transaction('facts', 'readwrite')
  const kept = (await tx.store.get('device')) as string | undefined
  const id = kept ?? crypto.randomUUID()
  if (!kept) await tx.store.put(id, 'device')
  await tx.done
  return id
}

/** What somebody has half written lies among the facts, by its author. */
export const draftsOf = (person: string): IDBKeyRange => IDBKeyRange.bound(`draft/${person}/`, `draft/${person}/\uffff`)

/** After sign-out nothing readable stays, except what waits to be sent. With `leaver`, nor what that person has half written. */
export async function eraseReadings(leaver?: string): Promise<void> {
  const db = await database()
  const tx = db.transaction(['readings', 'receipts', 'facts'], 'readwrite')
  const facts = tx.objectStore('facts')
  await Promise.all([tx.objectStore('readings').clear(), tx.objectStore('receipts').clear(), facts.delete('me'), facts.delete('neighbourhood'), leaver && facts.delete(draftsOf(leaver)), tx.done])
}
