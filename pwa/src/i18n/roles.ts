import { words } from './words.svelte'

/** The roles as people call them. */
export const roleWords = words(
  { volunteer: '志愿者', building_leader: '楼组长', coordinator: '统筹员', secretary: '书记', handler: '处置方', subdistrict_admin: '街道管理员' },
  { volunteer: 'Volunteer', building_leader: 'Building leader', coordinator: 'Coordinator', secretary: 'Secretary', handler: 'Handler', subdistrict_admin: 'Subdistrict administrator' },
)
