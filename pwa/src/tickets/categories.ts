/** The ten categories: their pictures, short names, and the sentence that stands for “nothing said”. */
import type { Category } from '../api/types'
import { words } from '../i18n/words.svelte'
import { arrowUpDown, doorOpen, ellipsis, flame, lightbulb, squareLetterP, trash, trees, wavesHorizontal, wrench } from '../kit/icons'

export const categories: readonly Category[] = ['waste', 'greenery', 'parking', 'lighting', 'facilities', 'lift', 'water', 'fire_safety', 'security', 'other']

export const categoryIcons: Record<Category, string> = {
  waste: trash, greenery: trees, parking: squareLetterP, lighting: lightbulb, facilities: wrench, lift: arrowUpDown, water: wavesHorizontal, fire_safety: flame, security: doorOpen, other: ellipsis,
}

export const categoryWords = words(
  { waste: '垃圾', greenery: '绿化', parking: '停车', lighting: '路灯', facilities: '设施', lift: '电梯', water: '积水漏水', fire_safety: '消防通道', security: '门禁治安', other: '别的' },
  { waste: 'Waste', greenery: 'Greenery', parking: 'Parking', lighting: 'Lighting', facilities: 'Facilities', lift: 'Lift', water: 'Water', fire_safety: 'Fire lane', security: 'Security', other: 'Other' },
)
