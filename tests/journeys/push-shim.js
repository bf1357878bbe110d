// In place of the browser's own push service, which no test machine can reach: subscriptions are made by the local one.
// Everything behind it is real: the app's requests, the server's encryption and signature, and the service worker's push event.
;(() => {
  if (!('PushManager' in globalThis)) return
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0))
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  const subscription = (made) =>
    made && {
      endpoint: made.endpoint,
      expirationTime: null,
      options: { userVisibleOnly: true, applicationServerKey: bytes(made.key).buffer },
      getKey: (name) => bytes(made[name]).buffer,
      toJSON: () => ({ endpoint: made.endpoint, expirationTime: null, keys: { p256dh: made.p256dh, auth: made.auth } }),
      unsubscribe: () => journeyUnsubscribe(),
    }
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly) throw new DOMException('userVisibleOnly', 'NotAllowedError')
    return subscription(await journeySubscribe(text(applicationServerKey)))
  }
  PushManager.prototype.getSubscription = async () => subscription(await journeySubscription())
})()
