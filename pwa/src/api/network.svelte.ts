/** Whether the server can be reached, as far as the last try shows. `navigator.onLine` alone lies in lifts. */
class Network {
  online = $state(typeof navigator === 'undefined' ? true : navigator.onLine)
  /** When the server last answered, milliseconds. */
  lastAnswer = $state<number | null>(null)

  answered(): void {
    this.online = true
    this.lastAnswer = Date.now()
  }
  failed(): void {
    this.online = false
  }
}

export const network = new Network()

/** Follow the browser's own signs. Called once by the app. */
export function watchNetwork(): void {
  addEventListener('online', () => network.answered())
  addEventListener('offline', () => network.failed())
}
