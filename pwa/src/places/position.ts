/** Positions as people copy them from maps. Pure. */
import type { Schema } from '../api/types'

export type Datum = Schema<'Datum'>
export interface Position { latitude: number; longitude: number; datum: Datum }
export interface Point { latitude: number; longitude: number }

/**
 * Two numbers out of whatever was pasted: `31.12, 121.52`, `121.52,31.12` (as Amap and Baidu write), `北纬31.12° 东经121.52°`,
 * `31°07'30"N 121°31'12"E`. Which is which the size tells: China lies between 73 and 135 east and below 54 north. Null when it
 * can't be a place in or near China.
 */
export function parsePosition(text: string): Point | null {
  const plain = text.normalize('NFKC').replace(/′′|[”“]/g, '"').replace(/[′’]/g, "'")
  const degrees = [...plain.matchAll(/(-?\d+(?:\.\d+)?)\s*°\s*(?:(\d+(?:\.\d+)?)\s*['分]\s*)?(?:(\d+(?:\.\d+)?)\s*["秒])?/g)].map((found) => Number(found[1]) + Number(found[2] ?? 0) / 60 + Number(found[3] ?? 0) / 3600)
  const numbers = degrees.length === 2 ? degrees : [...plain.matchAll(/-?\d+(?:\.\d+)?/g)].map((found) => Number(found[0]))
  const [first, second] = numbers
  if (numbers.length !== 2 || first === undefined || second === undefined) return null
  const [latitude, longitude] = first > second ? [second, first] : [first, second]
  return latitude >= 3 && latitude <= 54 && longitude >= 73 && longitude <= 136 ? { latitude, longitude } : null
}

const EARTH = 6_371_008.8

/** Metres between two points, on a sphere: within half a percent, enough to tell a wrong map (500 m and more) from a wrong metre. */
export function metres(a: Point, b: Point): number {
  const rad = Math.PI / 180
  const north = ((b.latitude - a.latitude) * rad) / 2
  const east = ((b.longitude - a.longitude) * rad) / 2
  const h = Math.sin(north) ** 2 + Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * Math.sin(east) ** 2
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(h)))
}

export interface Fix extends Point { accuracy: number }
export type NoFix = 'denied' | 'unavailable' | 'slow'

/** Where the phone is (WGS-84). Rejects with a `NoFix`. */
export function whereAmI(): Promise<Fix> {
  return new Promise((resolve, reject) => {
    if (!('geolocation' in navigator)) return reject('unavailable' satisfies NoFix)
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy: coords.accuracy }),
      ({ code }) => reject((code === 1 ? 'denied' : code === 3 ? 'slow' : 'unavailable') satisfies NoFix),
      { enableHighAccuracy: true, timeout: 20_000, maximumAge: 0 },
    )
  })
}

/** `31.12345, 121.52345`: five places are a metre. */
export function written({ latitude, longitude }: Point): string {
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`
}
