/** What several screens of tickets say. */
import { words } from '../i18n/words.svelte'

export const t = words(
  {
    ticket: (number: string) => `工单 ${number}`, danger: '有危险', waitsClaim: '等认领', waitsParty: '等转交', claimed: '在办', declined: '婉拒了', resolved: '等核实',
    verified: '办好了', claimOver: (over: string) => `认领${over}`, resolveBy: (when: string) => `${when} 前办结`, photoBroken: '照片没下来', claim: '认领',
    photoUnreadable: '这张照片打不开，重拍一张。',
    done: { claim: '认领了', decline: '婉拒了，统筹员会另找人', 'hand-over': '转过去了', resolution: '办结了，等人来看', verification: '核实了，这件事办完了', reopening: '重开了，再请他们办' },
    saved: { claim: '认领', decline: '婉拒', 'hand-over': '转交', resolution: '办结', verification: '核实', reopening: '重开' },
    savedText: (act: string) => `${act}：已保存在手机，联网后自动上传`, refused: (act: string) => `${act}没办成`, dismissed: '拿掉了', issues: '问题',
    unsentNeeds: '没送到，点开看看怎么办', notKept: '没存下来：手机空间不够，或者浏览器不让存。请腾点地方再试，或者先记在纸上。',
  },
  {
    ticket: (number) => `Ticket ${number}`, danger: 'Danger', waitsClaim: 'Not claimed yet', waitsParty: 'Needs a party', claimed: 'In hand',
    declined: 'Declined', resolved: 'To be verified', verified: 'Done', claimOver: (over) => `Claim ${over}`,
    resolveBy: (when) => `Resolve by: ${when}`, photoBroken: 'The photo did not load', claim: 'Claim',
    photoUnreadable: 'This photo can’t be opened. Take another.',
    done: { claim: 'Claimed', decline: 'Declined; a coordinator finds somebody else', 'hand-over': 'Handed over', resolution: 'Resolved; somebody will look', verification: 'Verified; this is done', reopening: 'Reopened; they are asked again' },
    saved: { claim: 'Claim', decline: 'Decline', 'hand-over': 'Hand-over', resolution: 'Resolution', verification: 'Verification', reopening: 'Reopening' },
    savedText: (act) => `${act}: saved on the phone, sent by itself once there is a network`, refused: (act) => `${act} did not go through`,
    dismissed: 'Taken off', issues: 'Issues', unsentNeeds: 'Did not get through; open to see what to do',
    notKept: 'It was not saved: the phone is full, or the browser does not allow it. Make room and try again, or write it down.',
  },
)
