/**
 * What somebody scanned or typed, as far as the phone can tell by itself: the code's form and its place (`schemas/check-in-code.json`).
 * Whether it is genuine only the server knows.
 */
export type Scanned =
  | { is: 'code'; text: string; location: string }
  | { is: 'number'; text: string; location: null }

const URL_FORM = /^(?:https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?\/|\/)c\/([A-Za-z0-9_-]+)\/?(?:[?#]\S*)?$/i
const LENGTHS: Record<number, number> = { 39: 1, 44: 2 }
const LONGEST = 300

/** Full-width digits and any spaces or dashes between them, as keyboards and people write them. */
export function digits(text: string): string {
  return text.normalize('NFKC').replace(/\D/g, '')
}

/** A number as one reads it out: `408 215`. */
export function spoken(number: string): string {
  return number.replace(/^(\d{3})(\d{3})$/, '$1 $2')
}

export function scanned(text: string): Scanned | null {
  const plain = text.normalize('NFKC').trim()
  if (plain.length > LONGEST || !/^[\x20-\x7e]+$/.test(plain)) return null
  const number = plain.replace(/[\s\-.]+/g, '')
  if (/^[1-9][0-9]{5}$/.test(number)) return { is: 'number', text: number, location: null }
  const payload = URL_FORM.exec(plain)?.[1]
  const location = payload === undefined ? null : locationOf(payload)
  return location === null ? null : { is: 'code', text: plain, location }
}

/** The location's id in a payload: kind 1 byte, location 16 bytes, key version 2 bytes, and what proves it. */
function locationOf(payload: string): string | null {
  const kind = LENGTHS[payload.length]
  if (kind === undefined) return null
  let bytes: string
  try {
    bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    return null
  }
  if (bytes.charCodeAt(0) !== kind) return null
  const hex = [...bytes.slice(1, 17)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
