/** Every refusal of the server as a sentence that says what to do. Slugs are those of `server/mingxun/*\/problems.py`; a test compares. */
import { moment } from '../i18n/times'
import { listed } from '../i18n/lists'
import { words } from '../i18n/words.svelte'
import { language } from '../i18n/language.svelte'
import type { ProblemDocument } from './problem'
import { Refused, Unreachable } from './problem'

type P = ProblemDocument
const text = (problem: P, key: string): string => (typeof problem[key] === 'string' ? problem[key] : '')
const names = (problem: P, key: string): string =>
  Array.isArray(problem[key]) ? listed((problem[key] as unknown[]).map((one) => (typeof one === 'string' ? one : String((one as { name?: unknown } | null)?.name ?? ''))).filter(Boolean)) : ''
const seconds = (problem: P): number => (typeof problem.retry_after === 'number' ? problem.retry_after : 0)
const soon = (problem: P, zh: (wait: string) => string): string => zh(seconds(problem) > 90 ? `${Math.ceil(seconds(problem) / 60)} 分钟` : `${Math.max(1, seconds(problem))} 秒`)
const soonEn = (problem: P): string => (seconds(problem) > 90 ? `${Math.ceil(seconds(problem) / 60)} minutes` : `${Math.max(1, seconds(problem))} seconds`)

/** Why somebody may not take a place: short, then what helps. */
export const refusalWords = words(
  {
    started: '这一班已经开始了。想去的话，请统筹员把您加上。',
    ended: '这一班已经结束了。',
    cancelled: '这一班取消了。',
    already_in: '您已经在这一班了。',
    overlaps: '和您另一班时间撞了，可以先退出那一班。',
    no_fitting_need: '剩下的位子有要求，您的资料里还没有。可以问问统筹员。',
    full: '位子都满了。',
  },
  {
    started: 'This shift has begun. A coordinator can still add you.',
    ended: 'This shift is over.',
    cancelled: 'This shift was cancelled.',
    already_in: 'You are on this shift already.',
    overlaps: 'It overlaps another shift of yours. You can withdraw from that one first.',
    no_fitting_need: 'The places left ask for something your record does not show. Ask a coordinator.',
    full: 'All places are taken.',
  },
)

function reasons(problem: P, of: Record<string, unknown> = refusalWords): string {
  const found = Array.isArray(problem.reasons) ? (problem.reasons as unknown[]) : []
  return found.map((reason) => of[String(reason)]).filter((sentence): sentence is string => typeof sentence === 'string').join(language.now === 'zh' ? '' : ' ')
}

const sentences = words(
  {
    'already-claimed': (p: P) => `${text(p, 'party_name') || '别人'}已经认领了，您不用管了。`,
    'account-exists': () => '这个手机号已经有账号了，直接登录就行。',
    'area-exists': () => '这里已经有同名的区域了，换个名字。',
    'area-misplaced': () => '这种区域不能放在那里，换一个上级。',
    'bad-cursor': () => '列表变了，请重新打开这一页。',
    'cannot-verify-own-work': () => '修的人不能自己说修好了，请别人去看一眼。',
    'code-refused': (p: P) => (p.verdict === 'ambiguous' ? '好几个点位都是这个号，请扫码。' : '这不是点位的码，再扫一次，或者输入海报上的 6 位编号。'),
    'code-retired': (p: P) => `${text(p, 'location_name') || '这里'}的海报换过了。请扫新的那张，或者请人代签。`,
    'code-unknown': () => '没认出是哪个点位。再扫一次，或者请楼组长代签。',
    'common-password': () => '这个密码太常见，容易被猜到。换一个，8 个字以上。',
    conflict: () => '和已有的撞了，请看一眼再改。',
    'cross-site': () => '请在明巡里操作。',
    'digest-mismatch': () => '照片路上断了，会再传一次。',
    'geocoder-failed': () => '地址没查到。过会儿再试，或者直接填经纬度。',
    'geocoding-off': () => '没开查地址的功能，请直接填经纬度。',
    'id-taken': () => '这一条和已有的撞号了。请删掉重新做一次。',
    'idempotency-key-reused': () => '刚才那次已经送到了，内容不一样。请重新打开看看。',
    'internal-error': () => '是我们这边出了毛病，什么都没改动。过会儿再试。',
    'invalid-request': (p: P) => {
      const fields = names(p, 'errors')
      return fields ? `有的地方没填对：${fields}。` : '有的地方没填对，请看一眼再送。'
    },
    'invitation-ended': () => '这个邀请用过了，或者过期了。请统筹员再发一个。',
    'location-name-taken': () => '已经有叫这个名字的点位了，换一个不会混的。',
    'method-not-allowed': () => '这里不能这样操作。请更新明巡再试。',
    'needs-below-taken': (p: P) => `这一班的人比位子多了，先请出几位${typeof p.surplus === 'number' ? `（${p.surplus} 位）` : ''}。`,
    'not-allowed': () => '这件事不归您办。要办请找统筹员。',
    'not-checked-in': () => '还没有签到，所以签退不了。先签到，或者请人代签。',
    'not-found': () => '没有这个，或者不归您看。',
    'not-in-neighbourhood': () => '选的点位、区域或者单位不在这个居民区，请重选。',
    'not-signed-in': () => '要先登录。',
    'not-your-party': (p: P) => `这件事在${text(p, 'party_name') || '别的单位'}手里，由他们办。`,
    'broken-subscription-keys': () => '这部手机给的通知地址不对。关掉再开一次通知。',
    'no-push-subscription': () => '这部手机还没开通知，先打开再试。',
    'push-endpoint-refused': () => '这个浏览器的通知服务用不了，换一个浏览器试试。',
    'photo-refused': (p: P) => (p.refusal === 'too_many_pixels' ? '照片太大了，重拍一张。' : p.refusal === 'animated' ? '动图不收，请拍一张照片。' : '这张照片打不开，重拍一张。'),
    'photo-unusable': () => '有张照片已经用在别的工单上了，请换一张。',
    'plate-taken': () => '这个牌号有人用了，换一个，或者空着自动排。',
    'plates-used-up': () => '数字牌号用完了，请用带字母的。',
    'shift-change-conflicts': (p: P) => `改到这个时间，${names(p, 'conflicts') || '有人'}就和别的班撞了。先请他们退出，或者换个时间。`,
    'shift-changed': () => '刚才有人改过这一班，请重新打开。',
    'shift-closed': (p: P) => (p.state === 'cancelled' ? '这一班取消了，不能再改。' : '这一班结束了，不能再改。'),
    'shift-in-past': () => '这个时间已经过了，请选晚一点的。',
    'shift-invalid': () => '时间或者人数不对：结束要晚于开始，最少不能多于最多。',
    'sign-up-refused': (p: P) => reasons(p) || '现在报不上这一班。',
    'ticket-changed': (p: P) => `这件事刚才有变动${text(p, 'by_name') ? `（${text(p, 'by_name')}${typeof p.at === 'string' ? ` ${moment(p.at)}` : ''}）` : ''}，请看一眼再办。`,
    'ticket-refused': (p: P) => (p.refusal === 'same_party' ? '本来就在他们手里。' : '还没有单位接手，请统筹员先转交。'),
    'too-large': () => '太大了，传不上去。',
    'too-many-tries': (p: P) => soon(p, (wait) => `试得太多了，过 ${wait}再试。`),
    unavailable: () => '服务正在恢复，过几秒再试。',
    'unsupported-media-type': () => '这种文件不收。',
    'vouch-for-self': () => '不能给自己作证，请另一位楼组长或者统筹员。',
    'vouch-out-of-time': () => '只能补最近 31 天的，也不能写还没到的时间。',
    'withdraw-refused': () => '已经开始了，退不了。请打电话给统筹员。',
    'wrong-credentials': () => '手机号或者密码不对。',
  },
  {
    'already-claimed': (p) => `${text(p, 'party_name') || 'Somebody'} has claimed it already. Nothing is left to do.`,
    'account-exists': () => 'This number has an account already. Just sign in.',
    'area-exists': () => 'There is an area of this name here already; choose another.',
    'area-misplaced': () => 'This kind of area can’t stand there; choose another parent.',
    'bad-cursor': () => 'The list has changed. Open the page again.',
    'cannot-verify-own-work': () => 'Whoever mended it can’t confirm it. Ask somebody else to look.',
    'code-refused': (p) => (p.verdict === 'ambiguous' ? 'Several places have this number. Scan the code instead.' : 'That is not the code of a place. Scan again, or type the 6 digits from the poster.'),
    'code-retired': (p) => `The poster at ${text(p, 'location_name') || 'this place'} was replaced. Scan the new one, or ask somebody to vouch for you.`,
    'code-unknown': () => 'No place was recognised. Scan again, or ask a building leader to vouch for you.',
    'common-password': () => 'This password is too common. Choose another with 8 characters or more.',
    conflict: () => 'It clashes with what is there already. Look again, then change it.',
    'cross-site': () => 'Please do this inside Mingxun.',
    'digest-mismatch': () => 'The photo was cut off on its way. It will be sent again.',
    'geocoder-failed': () => 'The address was not found. Try later, or type the position in.',
    'geocoding-off': () => 'Looking up addresses is switched off. Type the position in.',
    'id-taken': () => 'This clashes with something kept already. Delete it and do it once more.',
    'idempotency-key-reused': () => 'The first try went through with other content. Open it again and look.',
    'internal-error': () => 'Something broke on our side; nothing was changed. Try again later.',
    'invalid-request': (p) => {
      const fields = names(p, 'errors')
      return fields ? `Something is not filled in right: ${fields}.` : 'Something is not filled in right. Look again, then send.'
    },
    'invitation-ended': () => 'This invitation was used or has run out. Ask a coordinator for a new one.',
    'location-name-taken': () => 'Another place has this name. Choose one that can’t be confused.',
    'method-not-allowed': () => 'This can’t be done here. Update Mingxun and try again.',
    'needs-below-taken': () => 'More people are on the shift than it would have places. Take some off first.',
    'not-allowed': () => 'Your role does not include this. Ask a coordinator.',
    'not-checked-in': () => 'There is no check-in to end. Check in first, or ask somebody to vouch for you.',
    'not-found': () => 'There is no such thing, or it is not yours to see.',
    'not-in-neighbourhood': () => 'The place, area or party chosen is not in this neighbourhood. Choose again.',
    'not-signed-in': () => 'Sign in first.',
    'not-your-party': (p) => `This is with ${text(p, 'party_name') || 'another party'}, who deal with it.`,
    'broken-subscription-keys': () => 'The phone gave an address that does not work. Switch notifications off and on again.',
    'no-push-subscription': () => 'Notifications are not on here yet. Switch them on first.',
    'push-endpoint-refused': () => 'This browser’s push service can’t be used. Try another browser.',
    'photo-refused': (p) => (p.refusal === 'too_many_pixels' ? 'The photo is too large. Take another.' : p.refusal === 'animated' ? 'Moving pictures are not taken. Take a photo.' : 'This photo can’t be opened. Take another.'),
    'photo-unusable': () => 'A photo is on another ticket already. Take another.',
    'plate-taken': () => 'This plate is in use. Choose another, or leave it empty.',
    'plates-used-up': () => 'All plate numbers are in use. Give one with a letter.',
    'shift-change-conflicts': (p) => `At that time ${names(p, 'conflicts') || 'somebody'} would serve elsewhere. Take them off first, or choose another time.`,
    'shift-changed': () => 'Somebody changed this shift just now. Open it again.',
    'shift-closed': (p) => (p.state === 'cancelled' ? 'This shift was cancelled and stays as it was.' : 'This shift is over and stays as it was.'),
    'shift-in-past': () => 'That time has passed. Choose a later one.',
    'shift-invalid': () => 'Times or numbers don’t fit: the end comes after the start, the minimum is at most the maximum.',
    'sign-up-refused': (p) => reasons(p) || 'You can’t take a place on this shift now.',
    'ticket-changed': (p) => `This has moved on${text(p, 'by_name') ? ` (${text(p, 'by_name')}${typeof p.at === 'string' ? `, ${moment(p.at)}` : ''})` : ''}. Look again first.`,
    'ticket-refused': (p) => (p.refusal === 'same_party' ? 'It is with them already.' : 'No party has it yet. A coordinator hands it over first.'),
    'too-large': () => 'It is too large to be sent.',
    'too-many-tries': (p) => `Too many tries. Try again in ${soonEn(p)}.`,
    unavailable: () => 'The service is coming back. Try again in some seconds.',
    'unsupported-media-type': () => 'This kind of file is not taken.',
    'vouch-for-self': () => 'Nobody vouches for themselves. Ask another leader or a coordinator.',
    'vouch-out-of-time': () => 'Only the last 31 days can be filled in, and nothing that is still to come.',
    'withdraw-refused': () => 'It has begun, so you can’t withdraw here. Call a coordinator.',
    'wrong-credentials': () => 'The number or the password is not right.',
  },
)

const way = words(
  {
    unreachable: '现在连不上。看看手机有没有网，再试一次。',
    status: (status: number) => `没送成（${status}）。过会儿再试，还不行就找统筹员。`,
    strange: '出了点意外。再试一次，还不行就关掉重开。',
  },
  {
    unreachable: 'Nobody answers just now. Check the network and try again.',
    status: (status) => `It did not go through (${status}). Try again later; if it stays so, ask a coordinator.`,
    strange: 'Something unexpected happened. Try again; if it stays so, close the app and open it anew.',
  },
)

/** Slugs that have a sentence. */
export const known: ReadonlySet<string> = new Set(Object.keys(sentences))

export function explainProblem(problem: ProblemDocument): string {
  const slug = problem.type.split('/').pop() ?? ''
  const sentence = known.has(slug) ? (sentences as Record<string, (problem: P) => string>)[slug] : undefined
  if (sentence) return sentence(problem)
  return problem.detail || (problem.title && !slug.startsWith('status-') ? problem.title : way.status(problem.status))
}

/** What happened and what to do, for anything that `call` throws. */
export function explain(error: unknown): string {
  if (error instanceof Refused) return explainProblem(error.problem)
  if (error instanceof Unreachable) return way.unreachable
  return way.strange
}

export { way }
