import type { Route } from '../router/route'

export const routes: Route[] = [
  { path: '/people', load: () => import('./PeopleScreen.svelte'), who: (who) => who.leads },
  { path: '/people/:id', load: () => import('./PersonScreen.svelte'), who: (who) => who.plans },
  { path: '/people/invite', load: () => import('./InviteScreen.svelte'), who: (who) => who.plans },
  { path: '/people/invitations', load: () => import('./InvitationsScreen.svelte'), who: (who) => who.plans },
  { path: '/people/parties', load: () => import('./PartiesScreen.svelte'), who: (who) => who.plans },
  { path: '/people/import', load: () => import('./ImportScreen.svelte'), who: (who) => who.plans },
]
