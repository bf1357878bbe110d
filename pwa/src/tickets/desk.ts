import { MediaQuery } from 'svelte/reactivity'

/** Wide enough for a ticket beside the list. */
export const wide = new MediaQuery('(min-width: 1024px)')
