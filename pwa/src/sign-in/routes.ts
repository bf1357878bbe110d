import type { Route } from '../router/route'

export const routes: Route[] = [{ path: '/sign-in', load: () => import('./SignIn.svelte'), open: true }]
