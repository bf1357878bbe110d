import 'fake-indexeddb/auto'
import '@testing-library/jest-dom/vitest'

// jsdom knows dialogs, but not how to open them.
HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true
}
HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
  this.open = false
  this.dispatchEvent(new Event('close'))
}
globalThis.scrollTo = (() => undefined) as typeof scrollTo
