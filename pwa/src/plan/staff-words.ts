import { words } from '../i18n/words.svelte'

/** How a shift is staffed. */
export const staff = words(
  {
    lackPeople: (count: number) => `差 ${count} 人`,
    wanting: (count: number) => `还可来 ${count} 人`,
    complete: '齐了',
    shift: '班次',
    state: { cancelled: '取消了', none: '没人', short: '还差', wanting: '还可以来', full: '齐了' },
  },
  {
    lackPeople: (count) => `${count} missing`,
    wanting: (count) => `room for ${count}`,
    complete: 'Complete',
    shift: 'Shift',
    state: { cancelled: 'Cancelled', none: 'Nobody', short: 'Short', wanting: 'Room for more', full: 'Complete' },
  },
)
