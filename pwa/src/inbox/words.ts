import { words } from '../i18n/words.svelte'

export const t = words(
  {
    title: '消息',
    unread: '没看过',
    emptyTitle: '没有消息',
    emptyText: '班次有变、有人找您，会写在这里。',
    errorTitle: '消息没拿到',
    notSent: '手机没响，只在这里',
    more: '再看早一点的',
    moreFailed: '没拿到早一点的',
  },
  {
    title: 'Messages',
    unread: 'Not read',
    emptyTitle: 'No messages',
    emptyText: 'When a shift changes or somebody needs you, it stands here.',
    errorTitle: 'The messages did not load',
    notSent: 'The phone did not ring; it is only here',
    more: 'Show earlier ones',
    moreFailed: 'Earlier ones did not load',
  },
)
