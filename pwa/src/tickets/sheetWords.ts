/** Words of the sheets that ask before an act. */
import { words } from '../i18n/words.svelte'

export const ts = words(
  {
    declineTitle: '为什么办不了？', declineReasons: { notOurs: '不归我们管', specialist: '要请专业单位', money: '要先开会，或者动用维修资金', where: '说不清是哪里，找不到', other: '别的原因' },
    reopenTitle: '怎么没修好？', reopenReasons: { same: '和原来一样，没动过', partly: '修了一部分', again: '修好又坏了', elsewhere: '修错地方了', other: '别的' }, more: '再说几句（可以不写）',
    moreNeeded: '说说是什么原因', moreMissing: '写几个字，好让人知道', chooseOne: '先选一个', handOverTitle: '交给谁办？', handOverNote: '为什么转给他们',
    handOverNotes: { theirs: '这件事归他们管' }, noParties: '没有别的单位可以转', noPartiesText: '请书记或统筹员先添上单位。',
    send: { decline: '婉拒', handOver: '转过去', reopen: '没修好，重开' },
  },
  {
    declineTitle: 'Why can’t it be done?',
    declineReasons: { notOurs: 'Not our responsibility', specialist: 'Needs a specialist firm', money: 'Needs a meeting or maintenance funds first', where: 'The place can’t be found', other: 'Another reason' },
    reopenTitle: 'What is still wrong?',
    reopenReasons: { same: 'As before, nothing done', partly: 'Only partly mended', again: 'Mended, then broken again', elsewhere: 'The wrong place was mended', other: 'Something else' },
    more: 'Say more (optional)', moreNeeded: 'Say why', moreMissing: 'Write a few words so that others know', chooseOne: 'Choose one first',
    handOverTitle: 'Who should do it?', handOverNote: 'Why them', handOverNotes: { theirs: 'This is theirs to do' },
    noParties: 'There is no other party', noPartiesText: 'A secretary or coordinator adds parties first.',
    send: { decline: 'Decline', handOver: 'Hand it over', reopen: 'Not mended: reopen' },
  },
)
