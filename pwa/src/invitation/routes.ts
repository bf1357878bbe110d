import type { Route } from '../router/route'

export const routes: Route[] = [{ path: '/i', load: () => import('./Invitation.svelte'), open: true }]
