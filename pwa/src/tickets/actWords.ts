/** What lists can do without: how acts went, and what several parts of a ticket say. */
import { words } from '../i18n/words.svelte'

export const ta = words(
  {
    done: { claim: '认领了', decline: '婉拒了，统筹员会另找人', 'hand-over': '转过去了', resolution: '办结了，等人来看', verification: '核实了，这件事办完了', reopening: '重开了，再请他们办' },
    dismissed: '拿掉了', notDismissed: '没拿掉，手机不让改。关掉明巡再打开试试。', notKept: '没存下来：手机空间不够，或者浏览器不让存。请腾点地方再试，或者先记在纸上。', ticket: (number: string) => `工单 ${number}`,
    resolveBy: (when: string) => `${when} 前办结`, photoUnreadable: '这张照片打不开，重拍一张。', unsentNeeds: '没送到，点开看看怎么办',
    saved: { claim: '认领', decline: '婉拒', 'hand-over': '转交', resolution: '办结', verification: '核实', reopening: '重开' },
    savedText: (act: string) => `${act}：已保存在手机，联网后自动上传`, refused: (act: string) => `${act}没办成`,
  },
  {
    done: { claim: 'Claimed', decline: 'Declined; a coordinator finds somebody else', 'hand-over': 'Handed over', resolution: 'Resolved; somebody will look', verification: 'Verified; this is done', reopening: 'Reopened; they are asked again' },
    dismissed: 'Taken off', notDismissed: 'Not taken off: the phone does not allow it. Close the app and open it again.',
    notKept: 'It was not saved: the phone is full, or the browser does not allow it. Make room and try again, or write it down.',
    ticket: (number) => `Ticket ${number}`, resolveBy: (when) => `Resolve by: ${when}`, photoUnreadable: 'This photo can’t be opened. Take another.',
    unsentNeeds: 'Did not get through; open to see what to do',
    saved: { claim: 'Claim', decline: 'Decline', 'hand-over': 'Hand-over', resolution: 'Resolution', verification: 'Verification', reopening: 'Reopening' },
    savedText: (act) => `${act}: saved on the phone, sent by itself once there is a network`, refused: (act) => `${act} did not go through`,
  },
)
