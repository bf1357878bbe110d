/**
 * A part that a screen can do without at first sight: fetched right after it, so that it is there without a network, too.
 * Show it with `{#if sheet.it}<sheet.it … />{/if}`.
 */
export function later<Part>(load: () => Promise<{ default: Part }>): { readonly it: Part | undefined } {
  let part = $state.raw<Part>()
  $effect(() => {
    load().then(
      (module) => (part = module.default),
      // No network and never fetched before: the screen goes on without.
      () => undefined,
    )
  })
  return {
    get it() {
      return part
    },
  }
}
