/**
 * What the phone keeps, in one IndexedDB. Small on purpose (OWASP ASVS 14.3.3): see docs and `eraseReadings`.
 *
 * Stores: `facts` (who is signed in, chosen neighbourhood, device id), `readings` (what screens last showed, per person),
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
/** Go up by one for every change of stores, and keep each old step in `upgrade`: a queue may wait in an old one. */
const VERSION = 1

let opened: Promise<Database> | undefined

export function database(): Promise<Database> {
  opened ??= openDB<Schema>(NAME, VERSION, {
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
  }).catch((error: unknown) => {
    opened = undefined
    throw error
  })
  return opened
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

/** After sign-out nothing readable stays, except what waits to be sent. */
export async function eraseReadings(): Promise<void> {
  const db = await database()
  const tx = db.transaction(['readings', 'receipts', 'facts'], 'readwrite')
  await Promise.all([tx.objectStore('readings').clear(), tx.objectStore('receipts').clear(), tx.objectStore('facts').delete('me'), tx.objectStore('facts').delete('neighbourhood'), tx.done])
}
