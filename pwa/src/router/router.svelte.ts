/** History routing: links are plain `<a href>`, the browser's back works, scrolling is where it was. */
interface Kept { index: number }

class Router {
  path = $state(location.pathname)
  query = $state.raw(new URLSearchParams(location.search))
  /** Counts navigations: screens of the same route start anew for another path. */
  visit = $state(0)
  /** How the last navigation came about. */
  how: 'start' | 'go' | 'back' = 'start'
  #index = 0
  readonly #scrolls = new Map<number, number>()

  start(): () => void {
    history.scrollRestoration = 'manual'
    const kept = history.state as Kept | null
    this.#index = kept?.index ?? 0
    history.replaceState({ index: this.#index } satisfies Kept, '')
    addEventListener('popstate', this.#popped)
    document.addEventListener('click', this.#clicked)
    return () => {
      removeEventListener('popstate', this.#popped)
      document.removeEventListener('click', this.#clicked)
    }
  }

  go(to: string, { replace = false }: { replace?: boolean } = {}): void {
    const target = new URL(to, location.href)
    if (!replace && target.pathname === this.path && target.search === location.search && !target.hash) {
      scrollTo(0, 0)
      return
    }
    this.#remember()
    if (!replace) this.#index++
    history[replace ? 'replaceState' : 'pushState']({ index: this.#index } satisfies Kept, '', target)
    this.#scrolls.delete(this.#index)
    this.#take('go')
  }

  /** Back to where one came from; to `otherwise` when the app was opened here. */
  back(otherwise: string): void {
    if (this.#index > 0) history.back()
    else this.go(otherwise, { replace: true })
  }

  /** Changes the query without being a new visit: filters, chosen days. */
  ask(query: Record<string, string | null>): void {
    const next = new URLSearchParams(location.search)
    for (const [key, value] of Object.entries(query)) {
      if (value === null || value === '') next.delete(key)
      else next.set(key, value)
    }
    const text = next.toString()
    history.replaceState(history.state, '', `${location.pathname}${text ? `?${text}` : ''}`)
    this.query = next
  }

  /** Where this visit was scrolled to before, for the app after it has drawn. */
  get scroll(): number {
    return this.how === 'back' ? (this.#scrolls.get(this.#index) ?? 0) : 0
  }

  #remember(): void {
    this.#scrolls.set(this.#index, scrollY)
  }

  #take(how: 'go' | 'back'): void {
    this.how = how
    this.path = location.pathname
    this.query = new URLSearchParams(location.search)
    this.visit++
  }

  readonly #popped = (event: PopStateEvent): void => {
    this.#remember()
    this.#index = (event.state as Kept | null)?.index ?? 0
    this.#take('back')
  }

  readonly #clicked = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link?.href || (link.target && link.target !== '_self') || link.hasAttribute('download')) return
    const target = new URL(link.href)
    if (target.origin !== location.origin || target.pathname.startsWith('/api/')) return
    if (target.hash && target.pathname === location.pathname) return
    event.preventDefault()
    this.go(target.href)
  }
}

export const router = new Router()
