/** Words of lists. */
import { words } from '../i18n/words.svelte'

export const tl = words(
  {
    resolve: '办结', tickets: '工单', mine: '交给我的', report: '报问题', toVerify: '等您看一眼', unsent: '还没送到的',
    unsentSecond: '已保存在手机，联网后自动上传', count: (count: number) => `${count} 件`, countMore: (count: number) => `${count} 件以上`, load: '再看一些',
    loadFailed: '后面的没拿到', views: { 'mine-todo': '要办的', 'mine-finished': '办完的', active: '要办的', overdue: '超时的', declined: '等转交', verify: '等核实', done: '办好了', here: '这里还在办的', opened: '我报的' },
    which: '看哪些', filter: '筛选', filterOn: (count: number) => `筛选（${count}）`, clear: '不筛了', forParty: '替哪个单位看', errorTitle: '工单没拿到',
  },
  {
    resolve: 'Resolve', tickets: 'Tickets', mine: 'For me', report: 'Report an issue', toVerify: 'For you to look at',
    unsent: 'Not sent yet', unsentSecond: 'Saved on the phone, sent by itself once there is a network',
    count: (count) => `${count} ${count === 1 ? 'ticket' : 'tickets'}`, countMore: (count) => `${count} tickets or more`, load: 'Show more',
    loadFailed: 'The rest did not load',
    views: { 'mine-todo': 'To do', 'mine-finished': 'Finished', active: 'To do', overdue: 'Overdue', declined: 'Needs a party', verify: 'To verify', done: 'Done', here: 'Still open here', opened: 'Reported by me' },
    which: 'Which ones', filter: 'Filter', filterOn: (count) => `Filter (${count})`, clear: 'No filter', forParty: 'For which party',
    errorTitle: 'The tickets did not load',
  },
)
