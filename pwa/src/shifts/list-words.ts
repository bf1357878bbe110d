import { words } from '../i18n/words.svelte'

/** Of the list of shifts. */
export const t = words(
  {
    all: '都看看', mine: '我的', whose: '看谁的班',
    kind: '种类', everyKind: '都要',
    more: '再看一些', moreFailed: '后面的没拿到',
    emptyAll: '还没有排班', emptyAllText: '统筹员排好了，这里就有。',
    emptyKind: '没有这一种', emptyKindText: '换一种看看。',
    emptyMine: '您还没有报班', emptyMineText: '看看哪一班顺路，点进去就能报。',
    seeAll: '看所有的班', everyKindToo: '每一种都看',
  },
  {
    all: 'All', mine: 'Mine', whose: 'Whose shifts',
    kind: 'Kind', everyKind: 'All kinds',
    more: 'Show more', moreFailed: 'The rest did not load',
    emptyAll: 'No shifts yet', emptyAllText: 'They appear here when a coordinator has planned some.',
    emptyKind: 'None of this kind', emptyKindText: 'Try another kind.',
    emptyMine: 'You are on no shift yet', emptyMineText: 'Find one on your way, open it and sign up.',
    seeAll: 'See all shifts', everyKindToo: 'See every kind',
  },
)
