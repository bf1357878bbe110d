/** A report that has not been sent yet, kept on the phone: the page may be thrown away while the camera is open. */
import type { Category } from '../api/types'
import { readDraft, writeDraft } from '../storage/drafts'
import type { Place } from './places'

export interface Draft {
  photos: Blob[]
  seenAt: Date | null
  category: Category | null
  said: string
  /** Where it is, also when that followed from a check-in which is over by now. */
  place: Place | null
  whereabouts: string
  urgent: boolean
}

interface Kept extends Omit<Draft, 'photos'> { at: number }

/** As bytes: older iPhones lose Blobs. */
interface KeptPhoto { type: string; bytes: ArrayBuffer }

const NAME = 'report'
/** Apart, since they are large and change seldom. */
const PHOTOS = 'report-photos'
/** Somebody who comes back after longer than this means something else, milliseconds. */
const GOOD_FOR = 7 * 24 * 60 * 60_000

/** Something that would be missed. */
export const isWorthKeeping = ({ photos, category, said, whereabouts, urgent }: Draft): boolean =>
  photos.length > 0 || category !== null || said.trim() !== '' || whereabouts.trim() !== '' || urgent

/** The photos that are on the phone; null when nothing of a draft is. */
let written: readonly Blob[] | null = null

/** A phone that can't keep it still has it on the screen. */
export async function keepDraft(person: string, { photos, ...draft }: Draft): Promise<void> {
  try {
    if (!isWorthKeeping({ photos, ...draft })) return written ? await forgetDraft(person) : undefined
    if (written?.length !== photos.length || photos.some((photo, index) => photo !== written?.[index])) {
      const bytes = await Promise.all(photos.map(async (photo): Promise<KeptPhoto> => ({ type: photo.type, bytes: await photo.arrayBuffer() })))
      await writeDraft(person, PHOTOS, bytes)
      written = [...photos]
    }
    await writeDraft(person, NAME, { ...draft, at: Date.now() } satisfies Kept)
  } catch {
    // Full or broken: sending it will say so.
  }
}

export async function keptDraft(person: string): Promise<Draft | null> {
  try {
    const kept = await readDraft<Kept>(person, NAME)
    if (!kept || Date.now() - kept.at > GOOD_FOR) return null
    const photos = ((await readDraft<KeptPhoto[]>(person, PHOTOS)) ?? []).map(({ type, bytes }) => new Blob([bytes], { type }))
    written = [...photos]
    return { ...kept, photos }
  } catch {
    return null
  }
}

export async function forgetDraft(person: string): Promise<void> {
  written = null
  await Promise.all([writeDraft(person, NAME, undefined), writeDraft(person, PHOTOS, undefined)]).catch(() => undefined)
}
