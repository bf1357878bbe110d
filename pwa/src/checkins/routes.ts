import type { Route } from '../router/route'

export const routes: Route[] = [
  { path: '/scan', load: () => import('./Scan.svelte'), who: (who) => who.serves },
  // What a poster's code opens in the phone's own camera or in WeChat. Whoever is not signed in comes back here afterwards.
  { path: '/c/:payload', load: () => import('./Opened.svelte') },
]
