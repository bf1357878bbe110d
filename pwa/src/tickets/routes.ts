import type { Route } from '../router/route'

export const routes: Route[] = [
  { path: '/report', load: () => import('./ReportScreen.svelte') },
  { path: '/tickets', load: () => import('./TicketsScreen.svelte') },
  { path: '/tickets/:id', load: () => import('./TicketsScreen.svelte') },
]
