/** The picture of each kind of shift. The pioneer post has its own mark (`Kind pioneer`). */
import type { ShiftKind } from '../api/types'
import { footprints, recycle, snowflake, sprout, thermometerSun, trees } from './icons'
import { pioneerFlag, typhoon } from './marks'

export const kindIcons: Record<ShiftKind, string> = {
  patrol: footprints,
  pioneer_post: pioneerFlag,
  typhoon_flood: typhoon,
  hot_weather: thermometerSun,
  cold_weather: snowflake,
  public_space: trees,
  waste_sorting: recycle,
  garden: sprout,
}
