import { beforeEach, expect, it, vi } from 'vitest'

const wasmDetect = vi.fn(async () => [{ rawValue: 'by wasm' }])
vi.mock('./wasm', () => ({ url: '/assets/zxing.wasm', make: () => ({ detect: wasmDetect }) }))

function phoneWith(detect: (() => Promise<{ rawValue: string }[]>) | null, formats = ['qr_code']): void {
  if (!detect) {
    vi.stubGlobal('BarcodeDetector', undefined)
    return
  }
  vi.stubGlobal(
    'BarcodeDetector',
    class {
      static getSupportedFormats = async () => formats
      detect = detect
    },
  )
}
const canvas = () => document.createElement('canvas')

beforeEach(() => {
  vi.resetModules()
  wasmDetect.mockClear()
})

it('uses the phone’s own detector', async () => {
  phoneWith(async () => [{ rawValue: 'by phone' }])
  const { read } = await import('./scanner')
  expect(await read(canvas())).toBe('by phone')
  expect(wasmDetect).not.toHaveBeenCalled()
})

it('uses the wasm where the phone has none, or none for QR codes', async () => {
  phoneWith(null)
  expect(await (await import('./scanner')).read(canvas())).toBe('by wasm')
  vi.resetModules()
  phoneWith(async () => [{ rawValue: 'by phone' }], ['ean_13'])
  expect(await (await import('./scanner')).read(canvas())).toBe('by wasm')
})

it('turns to the wasm for good when the phone’s own detector rejects', async () => {
  const own = vi.fn(() => Promise.reject(new DOMException('Barcode detection service unavailable.', 'NotSupportedError')))
  phoneWith(own)
  const { read } = await import('./scanner')
  expect(await read(canvas())).toBe('by wasm')
  expect(await read(canvas())).toBe('by wasm')
  expect(own).toHaveBeenCalledTimes(1)
})

it('says which way the camera is missing', async () => {
  const { open } = await import('./scanner')
  const trouble = async () => open(document.createElement('video'), () => undefined).catch((error: unknown) => (error as { trouble: string }).trouble)
  vi.stubGlobal('navigator', { mediaDevices: undefined })
  expect(await trouble()).toBe('unsupported')
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => Promise.reject(new DOMException('', 'NotAllowedError')) } })
  expect(await trouble()).toBe('denied')
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => Promise.reject(new DOMException('', 'NotFoundError')) } })
  expect(await trouble()).toBe('none')
  vi.unstubAllGlobals()
})
