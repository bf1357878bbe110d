/** The scanner's wasm on the phone, so that scanning works without a network. Fetched when the phone is idle. */
export const SCANNER_CACHE = 'mingxun-scanner'

/** Keep `url` (its name carries a hash) and drop older ones. */
export async function keepScanner(url: string): Promise<void> {
  if (!('caches' in globalThis)) return
  const cache = await caches.open(SCANNER_CACHE)
  if (await cache.match(url)) return
  await cache.add(url)
  for (const request of await cache.keys()) if (!request.url.endsWith(url)) await cache.delete(request)
}
