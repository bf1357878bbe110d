import type { Route } from '../router/route'

export const routes: Route[] = [
  { path: '/places', load: () => import('./PlacesScreen.svelte'), who: (who) => who.leads },
  { path: '/places/new', load: () => import('./NewPlace.svelte'), who: (who) => who.plans },
  { path: '/places/:id', load: () => import('./PlaceScreen.svelte'), who: (who) => who.leads },
  { path: '/places/:id/edit', load: () => import('./EditPlace.svelte'), who: (who) => who.plans },
  { path: '/posters', load: () => import('./PostersScreen.svelte'), who: (who) => who.plans },
  { path: '/post/:location', load: () => import('./PostScreen.svelte'), who: (who) => who.leads },
]
