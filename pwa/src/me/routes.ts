import type { Route } from '../router/route'

export const routes: Route[] = [
  { path: '/me', load: () => import('./MeScreen.svelte') },
  { path: '/me/sessions', load: () => import('./Sessions.svelte') },
  { path: '/me/password', load: () => import('./Password.svelte') },
]
