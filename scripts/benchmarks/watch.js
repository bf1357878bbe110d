// Runs before the app in every page that is measured. Leaves in `window.watched`, milliseconds since the navigation began:
// `stands` (the first screen is there, no skeleton left), `busy` (end of the last task over 50 ms), `hit` (the first code was read).
(() => {
  const watched = (window.watched = { stands: 0, busy: 0, hit: 0 })
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) watched.busy = Math.max(watched.busy, task.startTime + task.duration)
  }).observe({ type: 'longtask', buffered: true })
  const look = () => {
    const main = document.querySelector('main')
    const stands =
      main && main.getAttribute('aria-busy') !== 'true' && document.querySelector('h1') && !document.querySelector('.sk') && main.querySelector('a[href], button')
    if (stands) watched.stands = performance.now()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
  // The app lets the phone tremble at the instant at which it has read a code.
  navigator.vibrate = () => {
    watched.hit ||= performance.now()
    return true
  }
})()
