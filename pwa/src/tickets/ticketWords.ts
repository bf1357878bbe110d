/** Words of one ticket: its times, photos, trail and acts. */
import { words } from '../i18n/words.svelte'

export const tt = words(
  {
    deadline: '办结时限', resolveAndClaimBy: (resolve: string, claim: string) => `${resolve} 前办结，${claim} 前认领`,
    claimWasDue: (when: string) => `${when} 前就该认领`, meter: (whole: string, left: string) => `${whole}里${left}`, seenBy: (who: string) => `${who}看到的`,
    seenByYou: '您看到的', reporter: '报的人', inHand: (party: string) => `${party}在办`, with: (party: string) => `在${party}手里`, wholeNeighbourhood: '没说具体在哪',
    onTheWay: (count: number) => `还有 ${count} 张照片在路上`, before: '之前', after: '之后', photoBefore: '之前的照片', photoAfter: '之后的照片',
    photoOpen: (count: number) => `放大第 ${count} 张`, declinedBy: (party: string) => `${party}婉拒`, verifiedBy: (who: string) => `${who}看过，修好了`,
    todoVerify: (who: string) => `请${who}看一眼`, todoVerifySecond: '看到修好了，才算完', decline: '婉拒', handOver: '转给别的单位', handOverFirst: '交给谁办', verify: '修好了',
    reopen: '没修好', reopenLater: '又坏了，重开', takeAfter: '拍现在的样子', takeAfterSecond: '办结要有一张办好后的照片', resolveAsk: (who: string) => `办结，请${who}来看`,
    resolveDone: '办结', look: '去看一眼：修好了吗？', lookSecond: '亲眼看到了再点', others: '别的办法', ticketErrorTitle: '这个工单没拿到', choose: '点左边的一件',
    chooseText: '这里看它的照片、时限和经过。',
  },
  {
    deadline: 'Time to resolve', resolveAndClaimBy: (resolve, claim) => `Resolve by: ${resolve}. Claim by: ${claim}`,
    claimWasDue: (when) => `Was to be claimed by: ${when}`, meter: (whole, left) => `${left} of ${whole}`, seenBy: (who) => `Seen by ${who}`,
    seenByYou: 'Seen by you', reporter: 'the reporter', inHand: (party) => `${party} works on it`, with: (party) => `With ${party}`,
    wholeNeighbourhood: 'No exact place given', onTheWay: (count) => `${count} more ${count === 1 ? 'photo is' : 'photos are'} on the way`,
    before: 'Before', after: 'After', photoBefore: 'Photo from before', photoAfter: 'Photo from after', photoOpen: (count) => `Enlarge photo ${count}`,
    declinedBy: (party) => `Declined by ${party}`, verifiedBy: (who) => `${who} looked: it is mended`,
    todoVerify: (who) => `Waiting for ${who} to take a look`, todoVerifySecond: 'It is done once somebody has seen it mended', decline: 'Decline',
    handOver: 'Hand to another party', handOverFirst: 'Choose who does it', verify: 'It is mended', reopen: 'Not mended',
    reopenLater: 'Broken again: reopen', takeAfter: 'Photo of how it looks now', takeAfterSecond: 'Resolving needs one photo of the work done',
    resolveAsk: (who) => `Resolve, ask ${who} to look`, resolveDone: 'Resolve', look: 'Take a look: is it mended?',
    lookSecond: 'Answer once you have seen it yourself', others: 'Other ways', ticketErrorTitle: 'This ticket did not load',
    choose: 'Choose one on the left', chooseText: 'Its photos, time and history show here.',
  },
)
