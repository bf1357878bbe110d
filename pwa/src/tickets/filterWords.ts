/** Words of the queue’s filter. */
import { words } from '../i18n/words.svelte'

export const tf = words(
  {
    state: '到哪一步', allStates: '每一步', category: '类别', allCategories: '所有类别', party: '单位', allParties: '所有单位', noParty: '还没有单位接', showThese: '看结果',
  },
  {
    state: 'State', allStates: 'All states', category: 'Category', allCategories: 'All categories', party: 'Party', allParties: 'All parties', noParty: 'With nobody yet',
    showThese: 'Show these',
  },
)
