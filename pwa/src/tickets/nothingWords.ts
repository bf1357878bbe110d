/** Words of lists with nothing in them, by the view. */
import { words } from '../i18n/words.svelte'

export const tn = words(
  {
    'mine-todo': { title: '没有要办的', text: '有事交给您的时候，马上告诉您。' },
    'mine-finished': { title: '还没有办好的', text: '办好、也有人看过的，会在这里。' },
    active: { title: '没有要办的', text: '有人报问题，这里马上就有。' },
    overdue: { title: '没有超时的', text: '都在时限里。' },
    declined: { title: '没有等转交的', text: '哪个单位婉拒了，会在这里等您转交。' },
    verify: { title: '没有等核实的', text: '办结以后，会请人去看一眼。' },
    done: { title: '还没有办好的', text: '办好、也有人看过的，会在这里。' },
    here: { title: '现在没有要办的', text: '看到什么不对，拍张照报上去。' },
    opened: { title: '您还没报过', text: '看到什么不对，拍张照报上去。' },
    filtered: { title: '这样筛没有', text: '换个条件再看。' },
    clear: '不筛了',
  },
  {
    'mine-todo': { title: 'Nothing to do', text: 'You are told at once when something is handed to you.' },
    'mine-finished': { title: 'Nothing is done yet', text: 'What was mended and seen by somebody stands here.' },
    active: { title: 'Nothing to do', text: 'What people report appears here at once.' },
    overdue: { title: 'Nothing is overdue', text: 'All is within its time.' },
    declined: { title: 'Nothing needs a party', text: 'What a party declines waits here for you to hand it on.' },
    verify: { title: 'Nothing waits to be verified', text: 'Once something is resolved, somebody is asked to look.' },
    done: { title: 'Nothing is done yet', text: 'What was mended and seen by somebody stands here.' },
    here: { title: 'Nothing to do now', text: 'When something is wrong, take a photo and report it.' },
    opened: { title: 'You have not reported anything', text: 'When something is wrong, take a photo and report it.' },
    filtered: { title: 'Nothing fits this filter', text: 'Choose other conditions.' },
    clear: 'No filter',
  },
)
