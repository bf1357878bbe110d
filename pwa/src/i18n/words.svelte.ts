import { language } from './language.svelte'

type Saying = string | ((...args: never[]) => string)
export interface Dictionary {
  [key: string]: Saying | Dictionary
}

/** The shape of the Chinese dictionary with any English text in it: a missing or surplus key fails the type check. */
type Same<D> = {
  [K in keyof D]: D[K] extends string ? string : D[K] extends (...args: infer Args) => string ? (...args: Args) => string : Same<D[K]>
}

/**
 * A feature's dictionary. Read `t.key` where it is shown (in markup, `$derived`, or when it is needed), never into a
 * constant at the top of a module: then it follows the language.
 */
export function words<D extends Dictionary>(zh: D, en: Same<D>): Same<D> {
  const chinese = zh as unknown as Same<D>
  return new Proxy(chinese, {
    get: (_, key) => Reflect.get(language.now === 'en' ? (en as object) : (chinese as object), key) as unknown,
  })
}
