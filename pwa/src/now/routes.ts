import type { Route } from '../router/route'

export const routes: Route[] = [{ path: '/now', load: () => import('./NowScreen.svelte'), who: (who) => who.plans }]
