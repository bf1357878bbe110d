import { words } from '../i18n/words.svelte'

/** Why somebody may not take a place: short, then what helps. */
export const refusalWords = words(
  {
    started: '这一班已经开始了。想去的话，请统筹员把您加上。',
    ended: '这一班已经结束了。',
    cancelled: '这一班取消了。',
    already_in: '您已经在这一班了。',
    overlaps: '和您另一班时间撞了，可以先退出那一班。',
    no_fitting_need: '剩下的位子有要求，您的资料里还没有。可以问问统筹员。',
    full: '位子都满了。',
  },
  {
    started: 'This shift has begun. A coordinator can still add you.',
    ended: 'This shift is over.',
    cancelled: 'This shift was cancelled.',
    already_in: 'You are on this shift already.',
    overlaps: 'It overlaps another shift of yours. You can withdraw from that one first.',
    no_fitting_need: 'The places left ask for something your record does not show. Ask a coordinator.',
    full: 'All places are taken.',
  },
)
