/** 大字 and dark: kept on the device, put on `<html>` (also by public/theme-init.js before the first paint). */
export type TextSize = '100' | '125' | '150'
export type Theme = 'system' | 'light' | 'dark'

function kept<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  try {
    const value = localStorage.getItem(key)
    return allowed.find((one) => one === value) ?? otherwise
  } catch {
    return otherwise
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // It still holds until the app is closed.
  }
}

class Display {
  text = $state<TextSize>(kept('mingxun.text', ['100', '125', '150'], '100'))
  theme = $state<Theme>(kept('mingxun.theme', ['system', 'light', 'dark'], 'system'))

  setText(size: TextSize): void {
    this.text = size
    keep('mingxun.text', size)
    if (size === '100') delete document.documentElement.dataset.text
    else document.documentElement.dataset.text = size
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    keep('mingxun.theme', theme)
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }
}

export const display = new Display()
