/** Where the phone is, for the evidence of a check-in. A favour: never waited for long, never a reason to stop. */
import type { CheckIn } from '../api/types'

export type Position = NonNullable<CheckIn['position']>

/** From asking to giving up, milliseconds. */
const PATIENCE = 4_000
/** After a scan: the person waits now. */
const AT_MOST = 1_500
/** A fix this old still tells where somebody stands who walks. */
const FRESH = 60_000

export class Locator {
  #watch: number | null = null
  #best: { position: Position; at: number } | null = null
  #asked = 0
  #over = false
  readonly #waiting = new Set<() => void>()

  /** Begin to look, so that there is an answer by the time of the scan. */
  start(): void {
    if (this.#watch !== null || !('geolocation' in navigator)) return
    this.#asked = Date.now()
    this.#over = false
    this.#watch = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => {
        const { latitude, longitude } = coords
        this.#best = { position: { latitude, longitude, accuracy: Math.min(100_000, Math.max(0, coords.accuracy)) }, at: Math.min(timestamp, Date.now()) }
        this.#tell()
      },
      () => {
        // Refused, or nothing found: what was found before may still do.
        this.#over = true
        this.#tell()
      },
      { enableHighAccuracy: true, maximumAge: FRESH, timeout: PATIENCE },
    )
  }

  stop(): void {
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch)
    this.#watch = null
    this.#tell()
  }

  /** The last known position, at once if there is one; null when there is none in time. */
  async get(): Promise<Position | null> {
    const rest = Math.min(AT_MOST, this.#asked + PATIENCE - Date.now())
    if (this.#watch !== null && !this.#fresh() && !this.#over && rest > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, rest)
        const waiting = this.#waiting
        function done() {
          clearTimeout(timer)
          waiting.delete(done)
          resolve()
        }
        waiting.add(done)
      })
    }
    return this.#fresh()
  }

  #fresh(): Position | null {
    return this.#best && Date.now() - this.#best.at <= FRESH ? this.#best.position : null
  }

  #tell(): void {
    for (const done of [...this.#waiting]) done()
  }
}
