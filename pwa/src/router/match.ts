/** Paths like `/shifts/:id`. Pure. */
export interface Matched<R> { route: R; params: Record<string, string> }

export function match<R extends { path: string }>(routes: readonly R[], path: string): Matched<R> | null {
  const asked = split(path)
  let best: Matched<R> | null = null
  let bestFixed = -1
  for (const route of routes) {
    const wanted = split(route.path)
    if (wanted.length !== asked.length) continue
    const params: Record<string, string> = {}
    let fixed = 0
    const fits = wanted.every((part, index) => {
      const given = asked[index] ?? ''
      if (part.startsWith(':')) {
        try {
          params[part.slice(1)] = decodeURIComponent(given)
        } catch {
          return false
        }
        return given !== ''
      }
      fixed++
      return part === given
    })
    // `/people/import` before `/people/:id`, whatever the order they stand in.
    if (fits && fixed > bestFixed) {
      best = { route, params }
      bestFixed = fixed
    }
  }
  return best
}

function split(path: string): string[] {
  return path.replace(/^\/+|\/+$/g, '').split('/')
}
