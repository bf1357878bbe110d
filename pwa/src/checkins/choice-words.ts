import { words } from '../i18n/words.svelte'

/** What is asked after a scan; fetched with it. */
export const t = words(
  {
    choose: '您在这里没有排班', chooseText: '今天这里的班还要人，或者算临时来一趟。',
    elsewhere: (place: string) => `您还在${place}签到着。在这里签到，那边就算走了。`,
    join: (count: number) => `我来，还差 ${count} 人`, joinPlain: '我来这一班', round: '临时巡一圈，签到', noOpen: '今天这里没有别的班了，可以算临时来一趟。',
    staying: '您已经在这里签到了', stayingSince: (clock: string) => `${clock} 到的`, stayingElse: (place: string) => `您在${place}签到着`,
    leave: '签退', stay: '还没走，不签退', otherPlace: '我到了别的点位，签到', report: '报问题',
  },
  {
    choose: 'You have no shift here', chooseText: 'Shifts here still want people today, or it counts as an unscheduled visit.',
    elsewhere: (place) => `You are still checked in at ${place}. Checking in here means that you left there.`,
    join: (count) => `I will join, ${count} more needed`, joinPlain: 'I will join this one', round: 'Check in for an unscheduled round', noOpen: 'There is no other shift here today; it can count as an unscheduled visit.',
    staying: 'You are checked in here', stayingSince: (clock) => `Since ${clock}`, stayingElse: (place) => `You are checked in at ${place}`,
    leave: 'Check out', stay: 'I am staying', otherPlace: 'I am at another place: check in', report: 'Report an issue',
  },
)
