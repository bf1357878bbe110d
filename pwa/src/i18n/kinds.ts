import { words } from './words.svelte'

/** What a shift is for, and whom its needs want, as people say it. */
export const kindWords = words(
  { patrol: '小区巡逻', pioneer_post: '党员先锋岗', typhoon_flood: '防汛防台', hot_weather: '高温关怀', cold_weather: '寒潮关怀', public_space: '公共空间管理', waste_sorting: '垃圾分类', garden: '社区花园' },
  { patrol: 'Patrol', pioneer_post: 'Pioneer post', typhoon_flood: 'Typhoon and flood', hot_weather: 'Hot weather care', cold_weather: 'Cold weather care', public_space: 'Public space', waste_sorting: 'Waste sorting', garden: 'Community garden' },
)

export const needWords = words(
  { anyone: '志愿者', party_member: '党员', building_leader: '楼组长', first_aid: '急救员' },
  { anyone: 'Anyone', party_member: 'Party member', building_leader: 'Building leader', first_aid: 'First-aider' },
)
