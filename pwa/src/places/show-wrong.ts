import { tick } from 'svelte'

/** Leads to what has to be mended: a form is longer than a phone. */
export async function showWrong(): Promise<void> {
  await tick()
  const field = document.querySelector<HTMLElement>('[aria-invalid="true"]')
  if (field) field.focus()
  else document.querySelector('main [role="alert"]')?.scrollIntoView({ block: 'center' })
}
