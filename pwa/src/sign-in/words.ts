import { words } from '../i18n/words.svelte'

export const t = words(
  {
    title: '登录明巡',
    phone: '手机号',
    password: '密码',
    show: '看看密码',
    hide: '藏起密码',
    signIn: '登录',
    noAccount: '还没有账号？请居委会的统筹员发给您一个邀请，扫一下就能用。',
    forgotten: '忘了密码，也请统筹员再发一个邀请。',
    fillIn: '手机号和密码都要填。',
    waiting: (count: number) => `手机里还有 ${count} 条没上传，原来的人登录后自动送出去。`,
    failed: '没登录上',
    expired: '要重新登录一下',
    language: 'English',
  },
  {
    title: 'Sign in to Mingxun',
    phone: 'Mobile number',
    password: 'Password',
    show: 'Show password',
    hide: 'Hide password',
    signIn: 'Sign in',
    noAccount: 'No account yet? Ask your neighbourhood’s coordinator for an invitation and scan it.',
    forgotten: 'If you forgot the password, ask for a new invitation as well.',
    fillIn: 'Fill in both the number and the password.',
    waiting: (count) => `${count} item${count === 1 ? '' : 's'} on this phone wait to be sent; they go when the same person signs in.`,
    failed: 'Not signed in',
    expired: 'Please sign in again',
    language: '中文',
  },
)
