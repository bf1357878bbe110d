/// <reference lib="webworker" />
/** The app itself opens without a network. API answers are never cached here. */
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import { SCANNER_CACHE } from '../scan/kept'


// The build puts the list in by this very name.
declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (string | { url: string; revision: string | null })[] }

export function installShell(): void {
  precacheAndRoute(self.__WB_MANIFEST)
  cleanupOutdatedCaches()
  registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: [/^\/api\//, /^\/healthz/, /^\/readyz/, /^\/problems\//] }))
  // The scanner's wasm: kept by the app when it is idle (scan/kept), given from there.
  registerRoute(
    ({ url, sameOrigin }) => sameOrigin && url.pathname.endsWith('.wasm'),
    async ({ request }) => (await (await caches.open(SCANNER_CACHE)).match(request)) ?? fetch(request),
  )
}
