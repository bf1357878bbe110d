import { words } from '../i18n/words.svelte'

/** Who is there, and vouching for them. */
export const t = words(
  {
    who: '谁在这一班',
    notYet: '还没到', late: '该到没到', here: (clock: string) => `${clock} 到的`, left: (from: string, to: string) => `${from} 到，${to} 走的`,
    vouchIn: '代签到', vouchOut: '代签退',
    vouchInFor: (name: string) => `替${name}签到`, vouchOutFor: (name: string) => `替${name}签退`,
    vouchWhen: '几点到的', vouchLeft: '几点走的',
    vouchWhy: '为什么代签',
    noPhone: '没带手机', noPower: '手机没电', noScan: '码扫不出来', paper: '照纸上的签到表补', another: '别的原因',
    vouchReason: '写一句原因', vouchReasonMissing: '写一句原因，以后好查。', vouchTimeMissing: '写上几点几分。',
    vouched: (name: string) => `${name}签好了，记着是您代的`,
    vouchFailed: '没代签成', vouchNotYours: '这位不住您的楼，这一班也不在您的楼。请统筹员代签。',
    vouchHint: '会记着是您作的证。',
  },
  {
    who: 'Who is on it',
    notYet: 'Not here yet', late: 'Late', here: (clock) => `Here since ${clock}`, left: (from, to) => `Came ${from}, left ${to}`,
    vouchIn: 'Check in for them', vouchOut: 'Check out for them',
    vouchInFor: (name) => `Check ${name} in`, vouchOutFor: (name) => `Check ${name} out`,
    vouchWhen: 'When they came', vouchLeft: 'When they left',
    vouchWhy: 'Why you do it for them',
    noPhone: 'No phone with them', noPower: 'Phone is empty', noScan: 'The code can’t be scanned', paper: 'From the paper sheet', another: 'Another reason',
    vouchReason: 'Say why', vouchReasonMissing: 'Write a sentence, so that it can be understood later.', vouchTimeMissing: 'Give the time.',
    vouched: (name) => `${name} is entered, on your word`,
    vouchFailed: 'Not entered', vouchNotYours: 'They don’t live in your building, and the shift is not there. Ask a coordinator.',
    vouchHint: 'It is noted that you vouched for it.',
  },
)
