// Before the first paint: language, text size and theme as this phone keeps them. See src/app/display.svelte.ts.
try {
  var root = document.documentElement
  var size = localStorage.getItem('mingxun.text')
  var theme = localStorage.getItem('mingxun.theme')
  if (localStorage.getItem('mingxun.language') === 'en') root.lang = 'en'
  if (size === '125' || size === '150') root.dataset.text = size
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme
} catch (error) {
  // Storage switched off: the defaults will do.
}
