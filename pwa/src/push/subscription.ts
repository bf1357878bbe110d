/** The browser's push subscription for the server's key. Used by tabs and by the service worker: no DOM here. */

/** The server's key as browsers take it. */
export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** The one there is, or a new one: also in place of one for another server key, which can never be reached again. */
export async function subscriptionFor(manager: PushManager, key: Uint8Array<ArrayBuffer>): Promise<PushSubscription> {
  const before = await manager.getSubscription()
  // Some browsers don't say which key it is for.
  if (before && (!before.options.applicationServerKey || same(before.options.applicationServerKey, key))) return before
  await before?.unsubscribe()
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
}

/** As `subscribePush` takes it. */
export function bodyOf(subscription: PushSubscription): { endpoint: string; p256dh: string; auth: string } {
  const { endpoint, keys } = subscription.toJSON()
  return { endpoint: endpoint ?? '', p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' }
}

function same(a: ArrayBuffer, b: Uint8Array): boolean {
  const bytes = new Uint8Array(a)
  return bytes.length === b.length && bytes.every((byte, index) => byte === b[index])
}
