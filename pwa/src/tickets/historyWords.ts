/** Words of a ticket’s parts that come after the first sight. */
import { words } from '../i18n/words.svelte'

export const th = words(
  {
    photos: '照片', previous: '上一张', next: '下一张', closePhoto: '关掉照片', trail: '经过', openedBy: (who: string) => `${who}报的`, openedByYou: '您报的',
    toParty: (party: string) => `交给${party}`, handedTo: (party: string) => `转给${party}`, handedBy: (who: string) => `${who}转交`,
    claimedBy: (party: string) => `${party}认领`, resolvedBy: (party: string) => `${party}办好了`, reopenedBy: (who: string) => `${who}看过，没修好`,
    todoClaim: (party: string) => `等${party}认领`, todoClaimYou: '等您认领', todoHandOver: '等统筹员转交', todoHandOverYou: '等您交给谁办',
    todoResolve: (party: string) => `等${party}办结`, todoResolveYou: '等您办结', todoVerifyYou: '等您看一眼', todoVerifyYouLater: '再请您看一眼',
    seenThen: (when: string) => `${when} 看到的，后来才送到`,
    clockOff: (said: string, counts: string) => `手机的钟不准：手机上是 ${said}，按 ${counts} 算`,
    by: (when: string) => `${when} 前`, another: '再拍一张', removeAfter: (count: number) => `去掉之后的第 ${count} 张`, how: '怎么办好的？（可以不写）',
    sendingText: (act: string) => `${act}：正在上传`, dismiss: '知道了，拿掉', retry: '再试一次',
  },
  {
    photos: 'Photos', previous: 'Previous', next: 'Next', closePhoto: 'Close photo', trail: 'What happened', openedBy: (who) => `Reported by ${who}`,
    openedByYou: 'Reported by you', toParty: (party) => `Goes to ${party}`, handedTo: (party) => `Handed to ${party}`, handedBy: (who) => `by ${who}`,
    claimedBy: (party) => `Claimed by ${party}`, resolvedBy: (party) => `Resolved by ${party}`, reopenedBy: (who) => `${who} looked: it is not mended`,
    todoClaim: (party) => `${party} to claim it`, todoClaimYou: 'You to claim it', todoHandOver: 'A coordinator to find a party',
    todoHandOverYou: 'You to find a party', todoResolve: (party) => `${party} to resolve it`, todoResolveYou: 'You to resolve it',
    seenThen: (when) => `Seen ${when}, delivered later`,
    clockOff: (said, counts) => `The phone’s clock was off: it said ${said}; ${counts} counts`,
    todoVerifyYou: 'You to take a look', todoVerifyYouLater: 'Then you take a look', by: (when) => `By: ${when}`, another: 'One more photo',
    removeAfter: (count) => `Remove after-photo ${count}`, how: 'What was done? (optional)', sendingText: (act) => `${act}: sending`,
    dismiss: 'Understood, take it off', retry: 'Try again',
  },
)
