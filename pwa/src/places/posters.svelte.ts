/** Posters as a PDF: fetched, then opened, kept or sent on. */
import { callRaw } from '../api/client'
import { explain } from '../api/explain'
import { session } from '../session/session.svelte'
import { t } from './words'

export interface Ready { url: string; name: string; file: File; count: number }

export class Posters {
  /** What is being made: a place's id, `all`, or nothing. */
  making = $state<string | null>(null)
  failure = $state('')
  ready = $state.raw<Ready | null>(null)

  async make(count: number, one?: { id: string; name: string }): Promise<void> {
    if (this.making !== null) return
    this.close()
    this.making = one?.id ?? 'all'
    this.failure = ''
    try {
      const answer = await callRaw(`/api/neighbourhoods/${session.neighbourhood}/posters${one ? `?location=${one.id}` : ''}`)
      const place = session.here?.name ?? ''
      const name = (one ? t.fileOne(place, one.name) : t.fileAll(place)).replace(/[\\/:*?"<>|]/g, ' ')
      const file = new File([await answer.blob()], name, { type: 'application/pdf' })
      this.ready = { url: URL.createObjectURL(file), name, file, count }
    } catch (error) {
      this.failure = explain(error)
    } finally {
      this.making = null
    }
  }

  close = (): void => {
    // Whatever was opened from it may still be loading.
    const old = this.ready?.url
    if (old) setTimeout(() => URL.revokeObjectURL(old), 60_000)
    this.ready = null
  }
}
