/** The present, renewed every half minute while a component that reads it is shown. */
import { createSubscriber } from 'svelte/reactivity'

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 30_000)
  const shown = () => document.visibilityState === 'visible' && update()
  document.addEventListener('visibilitychange', shown)
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', shown)
  }
})

export const ticking = {
  get now(): Date {
    subscribe()
    return new Date()
  },
}
