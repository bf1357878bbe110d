/** The browser's offer to install, caught early (main chunk) because it comes once. */
interface Offer extends Event { prompt: () => Promise<void> }

class Install {
  offer = $state.raw<Offer | null>(null)
  watch(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault()
      this.offer = event as Offer
    })
    addEventListener('appinstalled', () => (this.offer = null))
  }
}
export const install = new Install()
