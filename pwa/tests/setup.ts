import 'fake-indexeddb/auto'
import { configure } from '@testing-library/dom'
import '@testing-library/jest-dom/vitest'

// Cores are shared: what takes 100 ms alone may take seconds beside others.
configure({ asyncUtilTimeout: 10_000 })

// jsdom knows dialogs, but not how to open them.
HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true
}
HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
  this.open = false
  this.dispatchEvent(new Event('close'))
}
globalThis.scrollTo = (() => undefined) as typeof scrollTo

// axe looks for a canvas to recognise icon fonts; there are none here.
HTMLCanvasElement.prototype.getContext = (() => null) as typeof HTMLCanvasElement.prototype.getContext
