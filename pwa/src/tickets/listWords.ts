/** Words of lists. */
import { words } from '../i18n/words.svelte'

export const tl = words(
  {
    resolve: '办结', tickets: '工单', mine: '交给我的', report: '报问题', toVerify: '等您看一眼', mineOpened: '我报的', here: '这里还在办的', unsent: '还没送到的',
    unsentSecond: '已保存在手机，联网后自动上传', count: (count: number) => `${count} 件`, countMore: (count: number) => `${count} 件以上`, load: '再看一些',
    loadFailed: '后面的没拿到', views: { active: '要办的', overdue: '超时的', declined: '等转交', verify: '等核实', done: '办好了', finished: '办完的', mine: '我报的' },
    which: '看哪些', filter: '筛选', filterOn: (count: number) => `筛选（${count}）`, clear: '不筛了', forParty: '替哪个单位看', errorTitle: '工单没拿到',
    empty: {
      hereTitle: '现在没有要办的', hereText: '看到什么不对，拍张照报上去。',
      mineTitle: '您还没报过', mineText: '看到什么不对，拍张照报上去。',
      handlerTitle: '没有要办的', handlerText: '有事交给您的时候，马上告诉您。',
      queueTitle: '没有要办的', queueText: '有人报问题，这里马上就有。',
      filterTitle: '这样筛没有', filterText: '换个条件再看。',
      overdueTitle: '没有超时的', overdueText: '都在时限里。',
      verifyTitle: '没有等核实的', verifyText: '办结以后，会请人去看一眼。',
      doneTitle: '还没有办好的', doneText: '办好、也有人看过的，会在这里。',
    },
  },
  {
    resolve: 'Resolve', tickets: 'Tickets', mine: 'For me', report: 'Report an issue', toVerify: 'For you to look at', mineOpened: 'Reported by me',
    here: 'Still open here', unsent: 'Not sent yet', unsentSecond: 'Saved on the phone, sent by itself once there is a network',
    count: (count) => `${count} ${count === 1 ? 'ticket' : 'tickets'}`, countMore: (count) => `${count} tickets or more`, load: 'Show more',
    loadFailed: 'The rest did not load',
    views: { active: 'To do', overdue: 'Overdue', declined: 'Needs a party', verify: 'To verify', done: 'Done', finished: 'Finished', mine: 'Reported by me' },
    which: 'Which ones', filter: 'Filter', filterOn: (count) => `Filter (${count})`, clear: 'No filter', forParty: 'For which party',
    errorTitle: 'The tickets did not load',
    empty: {
      hereTitle: 'Nothing to do now', hereText: 'When something is wrong, take a photo and report it.',
      mineTitle: 'You have not reported anything', mineText: 'When something is wrong, take a photo and report it.',
      handlerTitle: 'Nothing to do', handlerText: 'You are told at once when something is handed to you.',
      queueTitle: 'Nothing to do', queueText: 'What people report appears here at once.',
      filterTitle: 'Nothing fits this filter', filterText: 'Choose other conditions.',
      overdueTitle: 'Nothing is overdue', overdueText: 'All is within its time.',
      verifyTitle: 'Nothing waits to be verified', verifyText: 'Once something is resolved, somebody is asked to look.',
      doneTitle: 'Nothing is done yet', doneText: 'What was mended and seen by somebody stands here.',
    },
  },
)
