/** Sends a roster and says how far it is: fetch can't tell. Otherwise as `call`: the data, or `Refused`, or `Unreachable`. */
import { problemOf, Refused, Unreachable } from '../api/problem'
import type { RosterPreview } from '../api/types'
import { network } from '../api/network.svelte'
import { session } from '../session/session.svelte'

/** Longer than a call: a big file on a weak network, and half a minute for the server to read it. */
const PATIENCE = 180_000

export interface Sending {
  /** 0 to 1 while it is sent, 1 while the server reads it. */
  onprogress: (share: number) => void
  signal: AbortSignal
  /** The same for the same file, so that sending again after a lost reply finds the first. */
  key: string
}

export function uploadRoster(neighbourhood: string, file: File, { onprogress, signal, key }: Sending): Promise<RosterPreview> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/api/neighbourhoods/${neighbourhood}/roster-imports`)
    // Not in the address: people name files after people.
    request.setRequestHeader('X-File-Name', encodeURIComponent(tidyName(file.name)))
    // Whatever the phone calls the file: the server looks inside.
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.setRequestHeader('Idempotency-Key', key)
    request.timeout = PATIENCE
    request.upload.onprogress = (event) => onprogress(event.lengthComputable && event.total > 0 ? event.loaded / event.total : 0)
    request.upload.onload = () => onprogress(1)
    request.onload = () => {
      network.answered()
      void answer(request).then(resolve, reject)
    }
    request.onerror = request.ontimeout = () => {
      network.failed()
      reject(new Unreachable('no answer'))
    }
    request.onabort = () => reject(new DOMException('', 'AbortError'))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

async function answer(request: XMLHttpRequest): Promise<RosterPreview> {
  if (request.status >= 200 && request.status < 300) return JSON.parse(request.responseText) as RosterPreview
  await import('../api/sentences').catch(() => undefined)
  if (request.status === 401) void session.expire()
  const problem = problemOf(request.status, request.getResponseHeader('Content-Type'), request.responseText) ?? { type: `/problems/status-${request.status}`, title: '', status: request.status }
  throw new Refused(problem)
}

/** As the server wants it: at most 200 characters, on one line. */
export function tidyName(name: string): string {
  return [...name.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029/\\]/g, ' ')].slice(0, 200).join('').trim() || 'roster'
}
