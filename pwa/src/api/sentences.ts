/**
 * Every refusal of the server as a sentence that says what to do, by the slugs of the server's `problems.py` (a test compares).
 * A chunk of its own, fetched with the first refusal (api/client): no screen needs it to open.
 */
import { moment } from '../i18n/times'
import { listed } from '../i18n/lists'
import { words } from '../i18n/words.svelte'
import { language } from '../i18n/language.svelte'
import type { ProblemDocument } from './problem'
import { knowSentences } from './explain'
import { refusalWords } from './refusals'

type P = ProblemDocument
const text = (problem: P, key: string): string => (typeof problem[key] === 'string' ? problem[key] : '')
const names = (problem: P, key: string): string =>
  Array.isArray(problem[key]) ? listed((problem[key] as unknown[]).map((one) => (typeof one === 'string' ? one : String((one as { name?: unknown } | null)?.name ?? ''))).filter(Boolean)) : ''
/** How many people are too many, over all needs that became smaller; 0 when it is not said. */
const excess = (problem: P): number =>
  Array.isArray(problem.needs) ? (problem.needs as { excess?: unknown }[]).reduce((sum, need) => sum + (typeof need.excess === 'number' ? need.excess : 0), 0) : 0
const seconds = (problem: P): number => (typeof problem.retry_after === 'number' ? problem.retry_after : 0)
const soon = (problem: P, zh: (wait: string) => string): string => zh(seconds(problem) > 90 ? `${Math.ceil(seconds(problem) / 60)} 分钟` : `${Math.max(1, seconds(problem))} 秒`)
const soonEn = (problem: P): string => (seconds(problem) > 90 ? `${Math.ceil(seconds(problem) / 60)} minutes` : `${Math.max(1, seconds(problem))} seconds`)

const faultWords = words(
  {
    too_short: '新密码要 8 个字以上。', common: '这个密码太常见，容易被猜到，换一个。', like_phone: '密码里别用手机号，换一个。', one_character: '别用一串一样的或者顺着数的，换一个。',
    empty: '这个文件是空的。', not_a_spreadsheet: '这不是表格。请用 Excel（.xlsx、.xls）或者 CSV。', encrypted: '文件有密码，去掉密码再存一份。', macros: '文件里有宏，另存成 .xlsx 再来。',
    broken: '文件坏了，打开再存一份。', unpacks_too_large: '文件太大，名册不会这么大。', too_many_rows: '超过 2 万行，分成几份。', too_wide: '超过 100 列，去掉用不着的。',
    unknown_encoding: '文字的编码认不出，另存成 .xlsx 再来。', no_name_column: '没找到「姓名」这一列，看看表头。', no_people: '只有表头，下面没有人。',
    who: '从名册里选一位，或者写一个新名字，二选一。', party_needed: '处置方要选一个单位。', party_unwanted: '只有处置方才选单位。', building_needed: '楼组长要选一栋楼。',
    neighbourhood_needed: '这个身份管整个居民区，范围请选居民区。', held_already: '这位已经是了。', not_by_invitation: '街道管理员在服务器上设，不用邀请。',
    last_secretary: '这是最后一位书记了，先请别人做书记。', last_administrator: '这是最后一位街道管理员了，先请别人来做。', beyond: '这位在别的居民区也有事，或者身份不归您定，请找书记或者街道。在这里可以结束他的身份。',
    accepted: '这个邀请已经用过了，直接登录就行。', expired: '这个邀请过期了，请统筹员再发一个。', revoked: '这个邀请收回了，请问问统筹员。',
  },
  {
    too_short: 'The new password needs 8 characters or more.', common: 'This password is among the first that anybody guesses. Choose another.', like_phone: 'Leave the phone number out of the password.', one_character: 'Don’t repeat or count characters. Choose another.',
    empty: 'The file is empty.', not_a_spreadsheet: 'That is no spreadsheet. Use Excel (.xlsx, .xls) or CSV.', encrypted: 'The file has a password. Save it without.', macros: 'The file has macros. Save it as .xlsx.',
    broken: 'The file is damaged. Open it and save it anew.', unpacks_too_large: 'The file is larger than a roster can be.', too_many_rows: 'More than 20,000 rows. Split the file.', too_wide: 'More than 100 columns. Leave out what is not needed.',
    unknown_encoding: 'The text’s encoding is unknown. Save it as .xlsx.', no_name_column: 'No column is called 姓名 or the like. Look at the first row.', no_people: 'There is a header, and nobody below it.',
    who: 'Choose somebody of the roster or give a new name, one of the two.', party_needed: 'A handler acts for a party: choose one.', party_unwanted: 'Only handlers act for a party.', building_needed: 'A building leader leads a building: choose one.',
    neighbourhood_needed: 'This role is held in the whole neighbourhood: choose it as the area.', held_already: 'They hold this role there already.', not_by_invitation: 'Subdistrict administrators are appointed on the server.',
    last_secretary: 'There is no other secretary: make somebody else one first.', last_administrator: 'There is no other administrator: make somebody else one first.', beyond: 'They belong to another neighbourhood, too, or have a role that others give: ask the secretary or the subdistrict. You can end their roles here.',
    accepted: 'This invitation was used. Just sign in.', expired: 'This invitation has run out. Ask a coordinator for a new one.', revoked: 'This invitation was taken back. Ask a coordinator.',
  },
)

/** The sentences of the reasons that `problem` names under `key` (one or a list). */
function reasons(problem: P, key = 'reasons', of: Record<string, unknown> = refusalWords): string {
  const named = problem[key]
  const found: unknown[] = Array.isArray(named) ? named : [named]
  return found.map((reason) => of[String(reason)]).filter((sentence): sentence is string => typeof sentence === 'string').join(language.now === 'zh' ? '' : ' ')
}

/** Who acted on a ticket before, and when: `和畅物业的王师傅 9:48 `. */
const quicker = (p: P): string => `${text(p, 'party_name')}${text(p, 'party_name') && text(p, 'by_name') ? '的' : ''}${text(p, 'by_name') || (text(p, 'party_name') ? '' : '别人')}${typeof p.at === 'string' ? ` ${moment(p.at)} ` : ''}`
const quickerEn = (p: P): string => `${text(p, 'by_name') || text(p, 'party_name') || 'Somebody'}${text(p, 'by_name') && text(p, 'party_name') ? ` (${text(p, 'party_name')})` : ''}`
const atEn = (p: P): string => (typeof p.at === 'string' ? `, ${moment(p.at)}` : '')
const LAST_ACTS = ['opened', 'claimed', 'declined', 'handed_over', 'resolved', 'verified', 'reopened'] as const
const lastAct = (p: P): (typeof LAST_ACTS)[number] | null => LAST_ACTS.find((act) => act === p.last_act) ?? null

const sentences = words(
  {
    'already-claimed': (p: P) => `${quicker(p)}已经认领了，由他们办，您不用管了。`,
    'area-exists': () => '这里已经有同名的区域了，换个名字。',
    'area-misplaced': () => '这种区域不能放在那里，换一个上级。',
    'bad-request': () => '明巡没听懂，请更新一下再试。',
    'bad-cursor': () => '列表变了，请重新打开这一页。',
    'cannot-verify-own-work': () => '修的人不能自己说修好了，请别人去看一眼。',
    'code-refused': (p: P) => (p.verdict === 'ambiguous' ? '好几个点位都是这个号，请扫码。' : '这不是点位的码，再扫一次，或者输入海报上的 6 位编号。'),
    'code-retired': (p: P) => `${text(p, 'location_name') || '这里'}的海报换过了。请扫新的那张，或者请人代签。`,
    'code-unknown': () => '没认出是哪个点位。再扫一次，或者请楼组长代签。',
    conflict: () => '和已有的撞了，请看一眼再改。',
    'cross-site': () => '请在明巡里操作。',
    'digest-mismatch': () => '照片路上断了，会再传一次。',
    'ending-refused': (p: P) => reasons(p, 'refusals', faultWords) || '现在还不能这样办。',
    'geocoder-failed': () => '地址没查到。过会儿再试，或者直接填经纬度。',
    'geocoding-off': () => '没开查地址的功能，请直接填经纬度。',
    'id-taken': () => '这一条和已有的撞号了。请删掉重新做一次。',
    'idempotency-key-reused': () => '刚才那次已经送到了，内容不一样。请重新打开看看。',
    'internal-error': () => '是我们这边出了毛病，什么都没改动。过会儿再试。',
    'invalid-request': (p: P) => {
      const fields = names(p, 'errors')
      return fields ? `有的地方没填对：${fields}。` : '有的地方没填对，请看一眼再送。'
    },
    'invalid-phone': () => '这不是电话号码。手机是 11 位，座机要加区号。',
    'invitation-over': (p: P) => reasons(p, 'reason', faultWords) || '这个邀请用过了，或者过期了。请统筹员再发一个。',
    'invitation-refused': (p: P) => reasons(p, 'refusals', faultWords) || '邀请没填对，请看一眼再发。',
    'invitation-unknown': () => '没有这个邀请。看看链接是不是完整，或者请统筹员再发一个。',
    'party-exists': () => '已经有叫这个名字的单位了，换一个名字。',
    'password-refused': (p: P) => reasons(p, 'reason', faultWords) || '换一个密码，8 个字以上。',
    'phone-taken': () => '这个手机号已经有账号了。用那个账号的密码，或者换一个号码。',
    'roster-busy': (p: P) => soon(p, (wait) => `别人的名册正在读，过 ${wait}再传一次。`),
    'roster-changed': () => '看过之后名册有变动，请重新上传再看一遍。',
    'roster-lapsed': () => '隔了一天多了，请重新上传再看一遍。',
    'roster-unreadable': (p: P) => reasons(p, 'reason', faultWords) || '这个文件读不了，请用 Excel 或者 CSV。',
    'wrong-password': () => '现在的密码不对。',
    'location-name-taken': () => '已经有叫这个名字的点位了，换一个不会混的。',
    'method-not-allowed': () => '这里不能这样操作。请更新明巡再试。',
    'needs-below-taken': (p: P) => `这一班的人比位子多了，先请出 ${excess(p) || '几'} 位。`,
    'not-allowed': () => '这件事不归您办。要办请找统筹员。',
    'not-checked-in': () => '还没有签到，所以签退不了。先签到，或者请人代签。',
    'not-found': () => '没有这个，或者不归您看。',
    'not-in-neighbourhood': () => '选的点位、区域或者单位不在这个居民区，请重选。',
    'not-signed-in': () => '要先登录。',
    'other-author': () => '这是别人存的，等他们登录再送。',
    'not-your-party': (p: P) => `这件事在${text(p, 'party_name') || '别的单位'}手里，由他们办。`,
    'broken-subscription-keys': () => '这部手机给的通知地址不对。关掉再开一次通知。',
    'no-push-subscription': () => '这部手机还没开通知，先打开再试。',
    'push-subscription-gone': () => '这部手机的通知断了。关掉再打开一次就好。',
    'push-endpoint-refused': () => '这个浏览器的通知服务用不了，换一个浏览器试试。',
    'photo-refused': (p: P) => (p.refusal === 'too_many_pixels' ? '照片太大了，重拍一张。' : p.refusal === 'animated' ? '动图不收，请拍一张照片。' : '这张照片打不开，重拍一张。'),
    'photo-unusable': () => '有张照片已经用在别的工单上了，请换一张。',
    'plate-taken': () => '这个牌号有人用了，换一个，或者空着自动排。',
    'plates-used-up': () => '数字牌号用完了，请用带字母的。',
    'shift-change-conflicts': (p: P) => `改到这个时间，${names(p, 'conflicts') || '有人'}就和别的班撞了。先请他们退出，或者换个时间。`,
    'shift-changed': () => '刚才有人改过这一班，请重新打开。',
    'shift-closed': (p: P) => (p.state === 'cancelled' ? '这一班取消了，不能再改。' : p.state === 'took_place' ? '这一班有人来过，不能取消。没来的先请出。' : '这一班结束了，不能再改。'),
    'shift-in-past': () => '这个时间过去太久了，请选晚一点的。补记最多 31 天前，改时间最多改到一天前。',
    'shift-invalid': () => '时间或者人数不对：结束要晚于开始，最少不能多于最多。',
    'sign-up-refused': (p: P) => reasons(p) || '现在报不上这一班。',
    'ticket-changed': (p: P) => {
      switch (lastAct(p)) {
        case 'claimed': return `${quicker(p)}先认领了，由他们办。要是不该他们办，请看一眼再转交。`
        case 'declined': return `${quicker(p)}先婉拒了，统筹员会另找人。您要办的话，请统筹员再转给您。`
        case 'handed_over': return `${text(p, 'by_name') || '有人'}${typeof p.at === 'string' ? ` ${moment(p.at)} ` : ''}转交了，现在在${text(p, 'party_name') || '别的单位'}手里。请看一眼再办。`
        case 'resolved': return `${quicker(p)}先办结了，等人去看，您不用再办。`
        case 'verified': return `${text(p, 'by_name') || '有人'}${typeof p.at === 'string' ? ` ${moment(p.at)} ` : ''}去看过，确认修好了，您不用再办。要是又坏了，请重开。`
        case 'reopened': return `${text(p, 'by_name') || '有人'}${typeof p.at === 'string' ? ` ${moment(p.at)} ` : ''}去看过，没修好，重开了。请看一眼再办。`
        default: return `这件事刚才有变动${text(p, 'by_name') ? `（${text(p, 'by_name')}${typeof p.at === 'string' ? ` ${moment(p.at)}` : ''}）` : ''}，请看一眼再办。`
      }
    },
    'ticket-refused': (p: P) => (p.refusal === 'same_party' ? '本来就在他们手里。' : '还没有单位接手，请统筹员先转交。'),
    overloaded: (p: P) => soon(p, (wait) => `用的人太多，忙不过来。过 ${wait}再试。`),
    'sign-in-link-over': () => '这个链接用过了，或者是上一回的。请用手机号和密码登录。',
    'storage-full': () => '服务器存满了，没收下。请告诉统筹员；腾出地方再送。',
    'too-large': () => '太大了，传不上去。',
    'too-slow': () => '网太慢，没传完。到网好的地方再试。',
    'too-many-tries': (p: P) => soon(p, (wait) => `试得太多了，过 ${wait}再试。`),
    unavailable: () => '服务正在恢复，过几秒再试。',
    'unsupported-media-type': () => '这种文件不收。',
    'vouch-for-self': () => '不能给自己作证，请另一位楼组长或者统筹员。',
    'vouch-out-of-time': () => '只能补最近 31 天的，也不能写还没到的时间。',
    'withdraw-refused': () => '已经开始了，退不了。请打电话给统筹员。',
    'wrong-credentials': () => '手机号或者密码不对。',
  },
  {
    'already-claimed': (p) => `${quickerEn(p)} claimed it first${atEn(p)}. They deal with it; nothing is left for you to do.`,
    'area-exists': () => 'There is an area of this name here already; choose another.',
    'area-misplaced': () => 'This kind of area can’t stand there; choose another parent.',
    'bad-request': () => 'This was not understood. Update Mingxun and try again.',
    'bad-cursor': () => 'The list has changed. Open the page again.',
    'cannot-verify-own-work': () => 'Whoever mended it can’t confirm it. Ask somebody else to look.',
    'code-refused': (p) => (p.verdict === 'ambiguous' ? 'Several places have this number. Scan the code instead.' : 'That is not the code of a place. Scan again, or type the 6 digits from the poster.'),
    'code-retired': (p) => `The poster at ${text(p, 'location_name') || 'this place'} was replaced. Scan the new one, or ask somebody to vouch for you.`,
    'code-unknown': () => 'No place was recognised. Scan again, or ask a building leader to vouch for you.',
    conflict: () => 'It clashes with what is there already. Look again, then change it.',
    'cross-site': () => 'Please do this inside Mingxun.',
    'digest-mismatch': () => 'The photo was cut off on its way. It will be sent again.',
    'ending-refused': (p) => reasons(p, 'refusals', faultWords) || 'This can’t be done so now.',
    'geocoder-failed': () => 'The address was not found. Try later, or type the position in.',
    'geocoding-off': () => 'Looking up addresses is switched off. Type the position in.',
    'id-taken': () => 'This clashes with something kept already. Delete it and do it once more.',
    'idempotency-key-reused': () => 'The first try went through with other content. Open it again and look.',
    'internal-error': () => 'Something broke on our side; nothing was changed. Try again later.',
    'invalid-request': (p) => {
      const fields = names(p, 'errors')
      return fields ? `Something is not filled in right: ${fields}.` : 'Something is not filled in right. Look again, then send.'
    },
    'invalid-phone': () => 'That is no telephone number. A mobile has 11 digits, a landline needs its area code.',
    'invitation-over': (p) => reasons(p, 'reason', faultWords) || 'This invitation was used or has run out. Ask a coordinator for a new one.',
    'invitation-refused': (p) => reasons(p, 'refusals', faultWords) || 'The invitation is not filled in right. Look again.',
    'invitation-unknown': () => 'There is no such invitation. See whether the link is whole, or ask a coordinator for a new one.',
    'party-exists': () => 'There is a party of this name already; choose another.',
    'password-refused': (p) => reasons(p, 'reason', faultWords) || 'Choose another password, with 8 characters or more.',
    'phone-taken': () => 'This number has an account already. Use its password, or another number.',
    'roster-busy': (p) => `Another roster is being read. Send yours again in ${soonEn(p)}.`,
    'roster-changed': () => 'The roster has changed since the preview. Upload the file again and look once more.',
    'roster-lapsed': () => 'The preview is more than a day old. Upload the file again.',
    'roster-unreadable': (p) => reasons(p, 'reason', faultWords) || 'This file can’t be read. Use Excel or CSV.',
    'wrong-password': () => 'The current password is not right.',
    'location-name-taken': () => 'Another place has this name. Choose one that can’t be confused.',
    'method-not-allowed': () => 'This can’t be done here. Update Mingxun and try again.',
    'needs-below-taken': (p) => `More people are on the shift than it would have places. Take ${excess(p) || 'some'} off first.`,
    'not-allowed': () => 'Your role does not include this. Ask a coordinator.',
    'not-checked-in': () => 'There is no check-in to end. Check in first, or ask somebody to vouch for you.',
    'not-found': () => 'There is no such thing, or it is not yours to see.',
    'not-in-neighbourhood': () => 'The place, area or party chosen is not in this neighbourhood. Choose again.',
    'not-signed-in': () => 'Sign in first.',
    'other-author': () => 'Somebody else saved this; it waits until they sign in.',
    'not-your-party': (p) => `This is with ${text(p, 'party_name') || 'another party'}, who deal with it.`,
    'broken-subscription-keys': () => 'The phone gave an address that does not work. Switch notifications off and on again.',
    'no-push-subscription': () => 'Notifications are not on here yet. Switch them on first.',
    'push-subscription-gone': () => 'Notifications broke off on this phone. Switch them off and on again.',
    'push-endpoint-refused': () => 'This browser’s push service can’t be used. Try another browser.',
    'photo-refused': (p) => (p.refusal === 'too_many_pixels' ? 'The photo is too large. Take another.' : p.refusal === 'animated' ? 'Moving pictures are not taken. Take a photo.' : 'This photo can’t be opened. Take another.'),
    'photo-unusable': () => 'A photo is on another ticket already. Take another.',
    'plate-taken': () => 'This plate is in use. Choose another, or leave it empty.',
    'plates-used-up': () => 'All plate numbers are in use. Give one with a letter.',
    'shift-change-conflicts': (p) => `At that time ${names(p, 'conflicts') || 'somebody'} would serve elsewhere. Take them off first, or choose another time.`,
    'shift-changed': () => 'Somebody changed this shift just now. Open it again.',
    'shift-closed': (p) => (p.state === 'cancelled' ? 'This shift was cancelled and stays as it was.' : p.state === 'took_place' ? 'People were on this shift, so it can’t be cancelled. Take off who was not there first.' : 'This shift is over and stays as it was.'),
    'shift-in-past': () => 'That time is too long ago. Choose a later one: at most 31 days back for a new shift, a day for one that is moved.',
    'shift-invalid': () => 'Times or numbers don’t fit: the end comes after the start, the minimum is at most the maximum.',
    'sign-up-refused': (p) => reasons(p) || 'You can’t take a place on this shift now.',
    'ticket-changed': (p) => {
      switch (lastAct(p)) {
        case 'claimed': return `${quickerEn(p)} claimed it first${atEn(p)}, and deals with it. If it is not theirs to do, look again, then hand it over.`
        case 'declined': return `${quickerEn(p)} declined it first${atEn(p)}; a coordinator finds somebody else. To do it yourself, ask the coordinator to hand it to you.`
        case 'handed_over': return `${text(p, 'by_name') || 'Somebody'} handed it over${atEn(p)}; now it is with ${text(p, 'party_name') || 'another party'}. Look again first.`
        case 'resolved': return `${quickerEn(p)} resolved it first${atEn(p)}; somebody will go and look. Nothing is left for you to do.`
        case 'verified': return `${text(p, 'by_name') || 'Somebody'} looked${atEn(p)}: it is mended. If it is broken again, reopen it.`
        case 'reopened': return `${text(p, 'by_name') || 'Somebody'} looked${atEn(p)}: it is not mended, and open again. Look again first.`
        default: return `This has moved on${text(p, 'by_name') ? ` (${text(p, 'by_name')}${typeof p.at === 'string' ? `, ${moment(p.at)}` : ''})` : ''}. Look again first.`
      }
    },
    'ticket-refused': (p) => (p.refusal === 'same_party' ? 'It is with them already.' : 'No party has it yet. A coordinator hands it over first.'),
    overloaded: (p) => `Too much at once here. Try again in ${soonEn(p)}.`,
    'sign-in-link-over': () => 'This link was used, or is an earlier one. Sign in with number and password.',
    'storage-full': () => 'The server’s disk is full, so it was not taken. Tell a coordinator; it can be sent once there is room.',
    'too-large': () => 'It is too large to be sent.',
    'too-slow': () => 'It took too long to arrive. Try again where the network is better.',
    'too-many-tries': (p) => `Too many tries. Try again in ${soonEn(p)}.`,
    unavailable: () => 'The service is coming back. Try again in some seconds.',
    'unsupported-media-type': () => 'This kind of file is not taken.',
    'vouch-for-self': () => 'Nobody vouches for themselves. Ask another leader or a coordinator.',
    'vouch-out-of-time': () => 'Only the last 31 days can be filled in, and nothing that is still to come.',
    'withdraw-refused': () => 'It has begun, so you can’t withdraw here. Call a coordinator.',
    'wrong-credentials': () => 'The number or the password is not right.',
  },
)

/** Slugs that have a sentence. */
export const known: ReadonlySet<string> = new Set(Object.keys(sentences))

knowSentences((slug, problem) => (known.has(slug) ? ((sentences as Record<string, (problem: P) => string>)[slug]?.(problem) ?? null) : null))
