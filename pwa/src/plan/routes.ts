import type { Route } from '../router/route'

export const routes: Route[] = [
  { path: '/plan', load: () => import('./PlanScreen.svelte'), who: (who) => who.plans },
  { path: '/plan/new', load: () => import('./NewScreen.svelte'), who: (who) => who.plans },
  { path: '/plan/:id', load: () => import('./ShiftScreen.svelte'), who: (who) => who.plans },
  { path: '/plan/:id/edit', load: () => import('./EditScreen.svelte'), who: (who) => who.plans },
]
