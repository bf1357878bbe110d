import { words } from '../i18n/words.svelte'

export const t = words(
  {
    notFound: '没有这一页',
    notFoundText: '地址可能写错了，或者这一页不归您看。',
    home: '回首页',
    brokenTitle: '这一页没打开',
    brokenText: '可能没有网，或者明巡刚更新过。您存下的都还在手机里。',
    reload: '重新打开',
  },
  {
    notFound: 'There is no such page',
    notFoundText: 'The address may be wrong, or this page is not yours to see.',
    home: 'To the start',
    brokenTitle: 'This page did not open',
    brokenText: 'There may be no network, or Mingxun was just updated. What you saved is still on the phone.',
    reload: 'Open again',
  },
)
