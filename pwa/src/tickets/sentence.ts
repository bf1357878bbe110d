/** What a person typed, as the contract takes it: one line of at most 120 characters, the whole of it beside when it is longer. Pure. */
const MOST = 120

export function sentence(typed: string, suggestion: string): { what: string; details: string } {
  const line = typed.replace(/[\s\p{Cc}]+/gu, ' ').trim() || suggestion
  const characters = [...line]
  if (characters.length <= MOST) return { what: line, details: '' }
  return { what: `${characters.slice(0, MOST - 1).join('')}…`, details: typed.trim() }
}

/** A reason chosen from a list, and what was said besides. */
export function reason(chosen: string, more: string, other: boolean): string {
  const said = more.trim()
  return other ? said : said ? `${chosen}\n${said}` : chosen
}
