// A hand on the screen, the same in every browser: `hand` is put into each page that a test opens.
(() => {
  const Real = Date
  let ahead = 0
  class Moved extends Real {
    constructor(...given) {
      if (given.length) super(...given)
      else super(Real.now() + ahead)
    }
    static now() {
      return Real.now() + ahead
    }
  }
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const text = (selector) => document.querySelector(selector)?.textContent.trim() ?? ''
  async function until(look, what, seconds = 30) {
    const end = performance.now() + seconds * 1000
    for (;;) {
      const found = look()
      if (found) return found
      if (performance.now() > end) throw new Error(`still not: ${what}; the screen says: ${document.body.innerText.slice(0, 600)}`)
      await wait(25)
    }
  }
  const seen = (element) => element.getClientRects().length > 0
  const button = (name) => [...document.querySelectorAll('button, a')].find((one) => seen(one) && !one.disabled && one.textContent.trim().startsWith(name))
  async function press(name) {
    ;(await until(() => button(name), `a button ${name}`)).click()
  }
  function go(path) {
    const link = document.createElement('a')
    link.href = path
    document.body.append(link)
    link.click()
    link.remove()
  }
  function write(selector, value) {
    const field = document.querySelector(selector)
    field.value = value
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }
  const store = () =>
    new Promise((resolve, reject) => {
      const open = indexedDB.open('mingxun')
      open.onsuccess = () => resolve(open.result)
      open.onerror = () => reject(open.error)
    })
  async function waiting() {
    const db = await store()
    try {
      return await new Promise((resolve, reject) => {
        const asked = db.transaction('outbox').objectStore('outbox').getAll()
        asked.onsuccess = () => resolve(asked.result)
        asked.onerror = () => reject(asked.error)
      })
    } finally {
      db.close()
    }
  }

  globalThis.hand = {
    until, press, go, text,
    /** The phone's clock, milliseconds; null: as it is. */
    clock(at) {
      ahead = at === null ? 0 : at - Real.now()
      globalThis.Date = at === null ? Real : Moved
    },
    async signIn(phone, password) {
      await until(() => document.querySelector('input[name=password]'), 'the sign-in')
      write('input[name=phone]', phone)
      write('input[name=password]', password)
      await press('登录')
      await until(() => location.pathname !== '/sign-in', 'signed in')
    },
    /** Everything that the app needs without a network is on the phone. */
    async ready() {
      await navigator.serviceWorker.ready
      await until(() => document.querySelector('h1') && !document.querySelector('main[aria-busy=true]'), 'a screen')
    },
    async checkIn(path) {
      go(path)
      await until(() => ['已保存在手机', '签到成功'].includes(text('h1')), 'checked in')
      const said = text('h1')
      await press('回')
      await until(() => location.pathname === '/', 'back')
      return said
    },
    async report(location, category, said, photos) {
      go(`/report?location=${location}`)
      await until(() => text('h1') === '报问题' && document.querySelector('input[type=file]'), 'the report')
      for (const [index, photo] of photos.entries()) {
        const bytes = Uint8Array.from(atob(photo), (character) => character.charCodeAt(0))
        const files = new DataTransfer()
        files.items.add(new File([bytes], `${index}.jpg`, { type: 'image/jpeg' }))
        const input = document.querySelector('input[type=file]')
        input.files = files.files
        input.dispatchEvent(new Event('change', { bubbles: true }))
        await until(() => document.querySelector(`img[alt="拍的第 ${index + 1} 张"]`) && input.value === '', `photo ${index + 1}`)
      }
      await press(category)
      write('#report-say textarea', said)
      await press('报上去')
      await until(() => ['已保存在手机', '报上去了'].includes(text('h2')), 'reported')
      const heard = text('h2')
      await press('好了')
      await until(() => globalThis.location.pathname !== '/report', 'back')
      return heard
    },
    /** What still waits, as the phone keeps it. */
    async kept() {
      return (await waiting()).map(({ id, kind, body, content, state, tries, setback }) => ({ id, kind, state, tries, why: setback?.why ?? null, photos: body?.photos ?? [], sha256: content?.sha256 ?? null }))
    },
  }
})()
