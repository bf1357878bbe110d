interface Toast { id: number; text: string; action?: { label: string; run: () => void } | undefined; lasting: boolean }

const SHORT = 5_000
/** Time enough to read, find and press 撤回 at 72, milliseconds. */
const LONG = 10_000
/** After this nobody can take back what a toast offered to, milliseconds. */
export const UNDO = LONG + 1_000

class Toasts {
  shown = $state.raw<Toast[]>([])
  /** Where toasts can be pressed: an open sheet makes all behind it inert, so the last one that opened shows them. */
  places = $state.raw<symbol[]>([])
  #next = 1

  /** A sentence about what just happened; with `action`, a way back or on. `lasting` stays until it is pressed. */
  say(text: string, { action, lasting = false }: { action?: { label: string; run: () => void }; lasting?: boolean } = {}): () => void {
    const id = this.#next++
    this.shown = [...this.shown.slice(-2), { id, text, action, lasting }]
    const close = () => this.close(id)
    if (!lasting) setTimeout(close, action ? LONG : SHORT)
    return close
  }

  /** Show them in a place, until that goes again. */
  here(place: symbol): () => void {
    this.places = [...this.places, place]
    return () => (this.places = this.places.filter((one) => one !== place))
  }

  close(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id)
  }
}

export const toast = new Toasts()
