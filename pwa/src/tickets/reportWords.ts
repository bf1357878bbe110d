/** Words of reporting. */
import { words } from '../i18n/words.svelte'

export const tr = words(
  {
    reportTitle: '报问题', photoFirst: '先拍一张', photoFirstSecond: '拍到坏的地方就行', retake: '重拍', again: '再拍', shot: (count: number) => `拍的第 ${count} 张`,
    removeShot: (count: number) => `去掉第 ${count} 张`, showShot: (count: number) => `看第 ${count} 张`, shrinking: '正在收照片', whichKind: '是哪一类？',
    chooseKind: '先选一下是哪一类', say: '说一句（可以不写）', sayNeeded: '说一句是什么事', sayMissing: '写几个字，好让人知道是什么事', mic: '按键盘上的话筒，可以用嘴说', where: '在哪里？', change: '改',
    chooseWhere: '选一下在哪里', chooseWhereSecond: '点位、楼栋，说不清也行', missingWhere: '先选一下在哪里，说不清也行', fromCode: '刚才扫码的点位', fromCheckIn: '您现在签到的地方',
    fromThis: '跟着这次签到', nowhere: '说不清在哪', nowhereSecond: '下面用话说一说', whereabouts: '具体在哪', whereaboutsBuilding: '几楼、哪一边（可以不写）',
    whereaboutsHint: '比如：3 楼走廊尽头', dangerSecond: '会伤到人，要马上有人管', sendReport: '报上去', sent: '报上去了', kept: '已保存在手机',
    goesOn: '接着上次没报完的', goesOnText: '照片和写的都还在。', startOver: '不要了，重新写', startedOver: '重新写', draftKept: '没报完的先留着，下次打开接着写。',
  },
  {
    reportTitle: 'Report an issue', photoFirst: 'Take a photo first', photoFirstSecond: 'Just show what is wrong', retake: 'Retake', again: 'One more',
    shot: (count) => `Photo ${count}`, removeShot: (count) => `Remove photo ${count}`, showShot: (count) => `Show photo ${count}`,
    shrinking: 'Taking in the photo', whichKind: 'What kind is it?', chooseKind: 'Choose the kind first', say: 'One sentence (optional)',
    sayNeeded: 'Say what it is', sayMissing: 'Write a few words so that others know', mic: 'Use the keyboard’s microphone to speak',
    where: 'Where is it?', change: 'Change', chooseWhere: 'Choose where it is', chooseWhereSecond: 'A place, a building, or not sure',
    missingWhere: 'Choose where it is first; not sure is fine', fromCode: 'The place just scanned', fromCheckIn: 'Where you are checked in',
    fromThis: 'With this check-in', nowhere: 'Not sure where', nowhereSecond: 'Describe it below', whereabouts: 'Where exactly',
    whereaboutsBuilding: 'Floor, side (optional)', whereaboutsHint: 'For example: 3rd floor, end of the corridor',
    dangerSecond: 'Somebody could get hurt; it needs care at once', sendReport: 'Report it', sent: 'Reported', kept: 'Saved on the phone',
    goesOn: 'Going on with what you began', goesOnText: 'Its photos and words are still here.', startOver: 'Leave it, start over', startedOver: 'Started over', draftKept: 'Not sent yet: it goes on next time you open this.',
  },
)
