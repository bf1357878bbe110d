/** The one way to the server: `call(api.GET('/api/…', …))` gives the data or throws `Refused` or `Unreachable`. */
import createClient from 'openapi-fetch'
import { network } from './network.svelte'
import { problemOf, Refused, Unreachable } from './problem'
import type { paths } from './schema'

const SAFE = new Set(['GET', 'HEAD'])
const TIMEOUT = 20_000
const PAUSES = [700, 2_000]
const AWAY = new Set([502, 503, 504])

let signedOut: () => void = () => undefined
/** What to do when the server no longer knows the session (401). */
export function onSignedOut(handler: () => void): void {
  signedOut = handler
}

/**
 * fetch, with an `Idempotency-Key` on every write, the same one on every try. Tried up to three times when the server
 * does not answer: a twin is harmless, and a lost reply is found again.
 */
export async function send(request: Request): Promise<Response> {
  if (!SAFE.has(request.method) && !request.headers.has('Idempotency-Key')) request.headers.set('Idempotency-Key', crypto.randomUUID())
  for (let attempt = 0; ; attempt++) {
    const pause = PAUSES[attempt]
    try {
      const response = await fetch(request.clone(), { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT)]) })
      if (!AWAY.has(response.status) || pause === undefined || response.headers.has('Retry-After')) {
        network.answered()
        return response
      }
    } catch (cause) {
      if (request.signal.aborted) throw cause
      if (pause === undefined || !navigator.onLine) {
        network.failed()
        throw new Unreachable('no answer', { cause })
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? '', fetch: send, credentials: 'same-origin' })

interface Answer<T> { data?: T; error?: unknown; response: Response }

/** The data of an answer, or the reason why there is none. */
export async function call<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer
  if (response.ok) return data as T
  throw await refusedBy(response, error)
}

/** Like `call` for what openapi-fetch does not speak: files as bodies, PDFs as answers. */
export async function callRaw(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await send(new Request(new URL(path, location.origin), { credentials: 'same-origin', ...init }))
  if (response.ok) return response
  throw await refusedBy(response, await response.text())
}

async function refusedBy(response: Response, error: unknown): Promise<Refused> {
  // Its words, for `explain`; without them the server's own detail has to do.
  await import('./sentences').catch(() => undefined)
  const text = typeof error === 'string' ? error : JSON.stringify(error ?? null)
  const problem = problemOf(response.status, response.headers.get('Content-Type'), text) ?? { type: `/problems/status-${response.status}`, title: response.statusText, status: response.status }
  // Signing in with a wrong password is a 401 as well, of another type.
  if (response.status === 401 && !response.url.endsWith('/api/session')) signedOut()
  const wait = Number(response.headers.get('Retry-After'))
  return new Refused(problem, Number.isFinite(wait) && wait > 0 ? wait : null)
}

/**
 * Keeps one `Idempotency-Key` for as long as the person tries the same thing: pressing again after a lost reply finds
 * the first success; changing the form makes a new one.
 *
 *     const attempt = new Attempt()
 *     await call(api.POST('/api/…', { body, headers: attempt.for(body) })); attempt.done()
 */
export class Attempt {
  #key = crypto.randomUUID() as string
  #what = ''

  for(what: unknown): { 'Idempotency-Key': string } {
    const now = JSON.stringify(what ?? null)
    if (now !== this.#what) {
      this.#what = now
      this.#key = crypto.randomUUID()
    }
    return { 'Idempotency-Key': this.#key }
  }

  done(): void {
    this.#what = ''
    this.#key = crypto.randomUUID()
  }
}
