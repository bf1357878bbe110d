import type { Route } from '../router/route'

export const routes: Route[] = [
  { path: '/', load: () => import('./Today.svelte') },
  { path: '/shifts', load: () => import('./Shifts.svelte'), who: (who) => who.serves },
  { path: '/shifts/:id', load: () => import('./Shift.svelte'), who: (who) => who.serves },
]
