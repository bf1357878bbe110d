import type { Route } from '../router/route'

/** Every feature's own `routes.ts`: a new feature is found without being named here. */
const found = import.meta.glob<{ routes: Route[] }>('../*/routes.ts', { eager: true })

export const routes: Route[] = Object.entries(found)
  .filter(([path]) => path !== './routes.ts')
  .flatMap(([, module]) => module.routes)
