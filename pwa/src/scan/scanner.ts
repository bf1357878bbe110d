/** Reads QR codes from the camera or a picture: with the phone's own detector, or with our wasm where that is absent or fails. */
import { keepScanner } from './kept'

type Source = HTMLVideoElement | ImageBitmap | HTMLCanvasElement
interface Detector { detect: (source: Source) => Promise<{ rawValue: string }[]> }
type DetectorClass = (new (options: { formats: string[] }) => Detector) & { getSupportedFormats?: () => Promise<string[]> }

const FORMATS = ['qr_code']
/** Between two looks, milliseconds: quick enough to feel at once, slow enough for a cheap phone to stay cool. */
const PAUSE = 80

let native: Promise<Detector | null> | undefined
let wasm: Promise<Detector> | undefined

function nativeDetector(): Promise<Detector | null> {
  native ??= (async () => {
    const found = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector
    if (!found) return null
    try {
      const formats = (await found.getSupportedFormats?.()) ?? []
      return formats.includes('qr_code') ? new found({ formats: FORMATS }) : null
    } catch {
      return null
    }
  })()
  return native
}

function wasmDetector(): Promise<Detector> {
  wasm ??= import('./wasm').then(({ make }) => make(FORMATS)).catch((error: unknown) => {
    wasm = undefined
    throw error
  })
  return wasm
}

/** The text of a QR code in `source`, or null. Android's own detector can be there and reject: then ours takes over for good. */
export async function read(source: Source): Promise<string | null> {
  const own = await nativeDetector()
  if (own) {
    try {
      return (await own.detect(source))[0]?.rawValue ?? null
    } catch {
      native = Promise.resolve(null)
    }
  }
  return (await (await wasmDetector()).detect(source))[0]?.rawValue ?? null
}

/** The text of a QR code in a picture from the album, or null. */
export async function readPicture(file: Blob): Promise<string | null> {
  const picture = await createImageBitmap(file)
  try {
    return await read(picture)
  } finally {
    picture.close()
  }
}

/** Have the wasm ready (or know that it is not needed). Called when the app is idle. */
export function prepare(): void {
  const idle = 'requestIdleCallback' in globalThis ? requestIdleCallback : (work: () => void) => setTimeout(work, 3_000)
  idle(() => {
    void nativeDetector().then(async () => {
      // Also where the phone has its own: it may fail when it is needed, without a network.
      const { url } = await import('./wasm')
      await keepScanner(url)
    }).catch(() => undefined)
  })
}

export type CameraTrouble =
  /** The person or the phone's settings said no. */
  | 'denied'
  /** There is no camera, or another app holds it. */
  | 'none'
  /** Not over plain HTTP, or a browser without it. */
  | 'unsupported'

export class NoCamera extends Error {
  override name = 'NoCamera'
  constructor(readonly trouble: CameraTrouble) {
    super(trouble)
  }
}

export interface Camera {
  /** Whether there is a torch to switch. */
  torch: boolean
  setTorch: (on: boolean) => Promise<void>
  /** The largest zoom, 1 when there is none. */
  maxZoom: number
  setZoom: (factor: number) => Promise<void>
  stop: () => void
}

interface Light { torch?: boolean; zoom?: { min: number; max: number } }

/** Show the back camera in `video` and call `found` with each code, the same one once in `again` milliseconds. Throws NoCamera. */
export async function open(video: HTMLVideoElement, found: (text: string) => void, { again = 2_500 } = {}): Promise<Camera> {
  if (!navigator.mediaDevices?.getUserMedia) throw new NoCamera('unsupported')
  let stream: MediaStream
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } }, audio: false })
  } catch (error) {
    throw new NoCamera(error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'SecurityError') ? 'denied' : 'none')
  }
  let stopped = false
  const stop = () => {
    stopped = true
    for (const track of stream.getTracks()) track.stop()
    video.srcObject = null
  }
  video.srcObject = stream
  video.muted = true
  video.setAttribute('playsinline', '')
  try {
    await video.play()
  } catch {
    if (!stopped) {
      stop()
      throw new NoCamera('none')
    }
  }

  let last = ''
  let lastAt = 0
  const look = async (): Promise<void> => {
    while (!stopped) {
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && document.visibilityState === 'visible') {
        // A wasm that could not be loaded may come later; the six digits are there meanwhile.
        const text = await read(video).catch(() => null)
        const now = performance.now()
        if (text && !stopped && (text !== last || now - lastAt > again)) {
          last = text
          lastAt = now
          found(text)
        }
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE))
    }
  }
  void look()

  const track = stream.getVideoTracks()[0]
  const can = (track?.getCapabilities?.() ?? {}) as Light
  const apply = async (wish: Record<string, unknown>) => track?.applyConstraints({ advanced: [wish as MediaTrackConstraintSet] })
  return {
    torch: can.torch === true,
    setTorch: async (on) => apply({ torch: on }),
    maxZoom: can.zoom?.max ?? 1,
    setZoom: async (factor) => apply({ zoom: factor }),
    stop,
  }
}
