/** One import from choosing the file to its result. Lives as long as who is signed in, so that one can look something up and come back. */
import { api, call } from '../api/client'
import { Refused, Unreachable } from '../api/problem'
import type { Me, RosterPreview, Schema } from '../api/types'
import { session } from '../session/session.svelte'
import { uploadRoster } from './upload'

const MOST_BYTES = 10 * 1024 * 1024
export type Imported = Schema<'RosterImported'>
type Step = 'choose' | 'sending' | 'preview' | 'done'

export class RosterImport {
  step = $state<Step>('choose')
  file = $state.raw<File | null>(null)
  /** 0 to 1; at 1 the server reads. */
  share = $state(0)
  preview = $state.raw<RosterPreview | null>(null)
  result = $state.raw<Imported | null>(null)
  error = $state.raw<Refused | Unreachable | 'too-large' | null>(null)
  confirming = $state(false)
  #stop: AbortController | null = null
  #key = ''
  #neighbourhood = ''

  get neighbourhood(): string {
    return this.#neighbourhood
  }

  /** Look at a file, another or the same anew. */
  async send(file: File, neighbourhood: string): Promise<void> {
    this.#stop?.abort()
    this.error = null
    if (file.size > MOST_BYTES) {
      this.file = file
      this.error = 'too-large'
      this.step = 'choose'
      return
    }
    // Pressed again after nobody answered, the same preview is found; after an answer it is a new one.
    if (this.file !== file || !this.#key || neighbourhood !== this.#neighbourhood) this.#key = crypto.randomUUID()
    this.file = file
    this.#neighbourhood = neighbourhood
    this.share = 0
    this.step = 'sending'
    const stop = (this.#stop = new AbortController())
    try {
      this.preview = await uploadRoster(neighbourhood, file, { key: this.#key, signal: stop.signal, onprogress: (share) => (this.share = share) })
      this.#key = ''
      this.result = null
      this.step = 'preview'
    } catch (error) {
      if (stop.signal.aborted) return
      if (error instanceof Refused) this.#key = ''
      else if (!(error instanceof Unreachable)) {
        // The phone lost the file (changed or removed since it was chosen).
        this.file = null
        this.#key = ''
      }
      this.error = error instanceof Refused || error instanceof Unreachable ? error : new Unreachable('unreadable', { cause: error })
      this.step = 'choose'
    }
  }

  stop(): void {
    this.#stop?.abort()
    this.#key = ''
    this.step = this.preview ? 'preview' : 'choose'
  }

  async confirm(): Promise<void> {
    if (!this.preview || this.confirming) return
    this.confirming = true
    this.error = null
    try {
      // Confirmed twice it answers the same, so a lost reply does no harm.
      this.result = await call(api.POST('/api/roster-imports/{roster_import}/confirmation', { params: { path: { roster_import: this.preview.id } } }))
      this.preview = null
      this.step = 'done'
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error
      this.error = error
    } finally {
      this.confirming = false
    }
  }

  again(): void {
    this.#stop?.abort()
    this.file = null
    this.preview = null
    this.result = null
    this.error = null
    this.#key = ''
    this.step = 'choose'
  }
}

const imports = new WeakMap<Me, RosterImport>()

/** The import of whoever is signed in; begun anew in another neighbourhood. */
export function currentImport(): RosterImport {
  const me = session.me
  const found = me ? imports.get(me) : undefined
  if (found && (found.step === 'choose' || found.neighbourhood === session.neighbourhood)) return found
  found?.stop()
  const made = new RosterImport()
  if (me) imports.set(me, made)
  return made
}
