// Marks drawn for Mingxun: what Lucide has no picture for. Same grid (24) and stroke as its icons.
export const pioneerFlag =
  '<path d="M5 3.5v17" stroke-width="2.4"/><path d="M7 4.5c3.5-1.8 6 1.6 12 .2-1.2 2.6-1.2 4.6 0 7.4-6 1.4-8.5-2-12-.2z" fill="currentColor" stroke="none"/>'
export const typhoon =
  '<circle cx="12" cy="12" r="4.8" stroke-width="3.4"/><path d="M5.5 12C5.5 6.2 10.3 2.2 18.6 1.8 15.4 3.2 13.6 4.4 12.8 6z" fill="currentColor" stroke="none"/><path d="M18.5 12C18.5 17.8 13.7 21.8 5.4 22.2 8.6 20.8 10.4 19.6 11.2 18z" fill="currentColor" stroke="none"/>'
export const stairs = '<path d="M3 20h4.5v-5H12v-5h4.5V5H21"/>'
/** The badge and brand: a plate ring with a path through it. */
export const brand = '<circle cx="12" cy="12" r="9" stroke-width="3"/><path d="M7.5 13.5c2-4 3.5 2 5 0s1.5-4 4-3" stroke-width="2.2"/>'
