import { words } from '../i18n/words.svelte'

/** What is reported when nothing is typed; '' where only the person can say it. */
export const suggestions = words(
  { waste: '垃圾满出来了', greenery: '绿化要有人管', parking: '车停得挡路了', lighting: '灯不亮', facilities: '公共设施坏了', lift: '电梯坏了', water: '有积水或者漏水', fire_safety: '消防通道堵住了', security: '门禁坏了，不安全', other: '' },
  { waste: 'Waste is overflowing', greenery: 'The greenery needs care', parking: 'A car is in the way', lighting: 'A light is out', facilities: 'Something shared is broken', lift: 'The lift is broken', water: 'Standing or leaking water', fire_safety: 'The fire lane is blocked', security: 'A door or gate is not secure', other: '' },
)
