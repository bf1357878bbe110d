import type { Route } from '../router/route'

export const routes: Route[] = [{ path: '/inbox', load: () => import('./InboxScreen.svelte') }]
