import type { Route } from '../router/route'
import { session } from '../session/session.svelte'

export const routes: Route[] = [
  { path: '/report', load: () => import('./ReportScreen.svelte') },
  // Those who work through a queue get one; others see what concerns them.
  { path: '/tickets', load: () => (session.plans || session.handles ? import('./QueueScreen.svelte') : import('./IssuesScreen.svelte')) },
  { path: '/tickets/:id', load: () => import('./TicketScreen.svelte') },
]
