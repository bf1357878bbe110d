/** What several screens of tickets say. */
import { words } from '../i18n/words.svelte'

export const t = words(
  {
    danger: '有危险', waitsClaim: '等认领', waitsParty: '等转交', claimed: '在办', declined: '婉拒了', resolved: '等核实', verified: '办好了',
    claimOver: (over: string) => `认领${over}`, photoBroken: '照片没下来', claim: '认领', issues: '问题',
  },
  {
    danger: 'Danger', waitsClaim: 'Not claimed yet', waitsParty: 'Needs a party', claimed: 'In hand', declined: 'Declined', resolved: 'To be verified',
    verified: 'Done', claimOver: (over) => `Claim ${over}`, photoBroken: 'The photo did not load', claim: 'Claim', issues: 'Issues',
  },
)
