// node audit.mjs URL COOKIE: prints {"scores": {category: points}, "failed": [audits below 1]} of one visit as a phone.
import { launch } from 'chrome-launcher'
import lighthouse from 'lighthouse'

const [url, cookie] = process.argv.slice(2)
const chrome = await launch({
  chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
try {
  const { lhr } = await lighthouse(url, {
    port: chrome.port,
    logLevel: 'silent',
    onlyCategories: ['performance', 'accessibility', 'best-practices'],
    ...(cookie ? { extraHeaders: { Cookie: `mingxun=${cookie}` } } : {}),
  })
  const scores = Object.fromEntries(Object.values(lhr.categories).map((one) => [one.id.replaceAll('-', '_'), Math.round((one.score ?? 0) * 100)]))
  const failed = Object.values(lhr.audits).filter((one) => one.score !== null && one.score < 1).map((one) => ({ id: one.id, score: one.score, value: one.displayValue ?? '' }))
  console.log(JSON.stringify({ scores, failed }))
} finally {
  await chrome.kill()
}
