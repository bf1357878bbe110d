/** The language spoken now. Kept on the device (also before sign-in) and, once signed in, on the server. */
export type Language = 'zh' | 'en'

const KEY = 'mingxun.language'

function kept(): Language {
  try {
    const value = localStorage.getItem(KEY)
    if (value === 'zh' || value === 'en') return value
  } catch {
    // Storage switched off: the default will do.
  }
  return 'zh'
}

class Spoken {
  now = $state<Language>(kept())

  set(language: Language): void {
    this.now = language
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
    try {
      localStorage.setItem(KEY, language)
    } catch {
      // It still holds until the app is closed.
    }
  }
}

export const language = new Spoken()

/** Whether this device was ever told a language: if not, the account's language wins at sign-in. */
export function languageIsChosen(): boolean {
  try {
    return localStorage.getItem(KEY) !== null
  } catch {
    return false
  }
}
