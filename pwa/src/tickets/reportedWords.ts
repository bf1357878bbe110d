/** Words of what comes up while reporting, and of how it went. */
import { words } from '../i18n/words.svelte'

export const td = words(
  {
    findPlace: '找点位、楼栋', locations: '点位', buildings: '楼栋', noPlace: '没找到这个地方', noPlaceText: '换个字找，或者选“说不清在哪”。',
    placesOffline: '点位还没下到手机。没有网也能报：选“说不清在哪”，用话说一说。', placesLoading: '正在找点位', refusedReport: '没送到', sentParty: (party: string) => `交给${party}了`,
    sentNobody: '统筹员会交给人办', sentSeconds: { by: (when: string) => `${when} 前办结`, track: '点这里看办得怎么样' },
    keptText: (count: number) => `联网后自动上传（${count} 条）`, keptSecond: '您不用管', keptAt: (when: string) => `时间算${when}`, seeUploads: '看看怎么办', fine: '好了',
    reportAnother: '再报一件', similarTitle: '是不是同一件事？', similarClaimed: (party: string) => `这里已经有人报过，${party}在处理。`, similarOpen: '这里已经有人报过，还没人认领。',
    similarYes: '是同一件，不用再报', similarNo: '不是，另外报',
  },
  {
    findPlace: 'Find a place or building', locations: 'Places', buildings: 'Buildings', noPlace: 'No such place found',
    noPlaceText: 'Try other letters, or choose “Not sure where”.',
    placesOffline: 'The places are not on this phone yet. You can still report: choose “Not sure where” and describe it.',
    placesLoading: 'Looking for places', refusedReport: 'Did not get through', sentParty: (party) => `It went to ${party}`,
    sentNobody: 'A coordinator finds somebody to do it', sentSeconds: { by: (when) => `To be resolved by: ${when}`, track: 'Open to see how it goes' },
    keptText: (count) => `Sent by itself once there is a network (${count})`, keptSecond: 'Nothing is left for you to do',
    keptAt: (when) => `It counts from ${when}`, seeUploads: 'See what to do', fine: 'Done', reportAnother: 'Report another',
    similarTitle: 'Is it the same thing?', similarClaimed: (party) => `Somebody reported this here; ${party} works on it.`,
    similarOpen: 'Somebody reported this here; nobody has claimed it yet.', similarYes: 'The same, no need to report', similarNo: 'No, report it',
  },
)
