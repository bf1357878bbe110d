import { language } from './language.svelte'

const collator = new Intl.Collator('zh', { numeric: true })

/** Order by a name, Chinese ones by pinyin (which the database cannot do). */
export function byName<T>(name: (one: T) => string): (a: T, b: T) => number {
  return (a, b) => collator.compare(name(a), name(b))
}

/** `李建华、顾佩芳` or `Li Jianhua, Gu Peifang`. */
export function listed(names: readonly string[]): string {
  return names.join(language.now === 'zh' ? '、' : ', ')
}
