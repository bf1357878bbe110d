/** What stands in the bar below (and, on a desk, above), by what the person does. */
import { session } from '../session/session.svelte'
import { bell, calendarDays, house, mapPin, messageSquareWarning, scanQrCode, userRound, usersRound } from './icons'
import { t } from './words'

export interface Tab { path: string; label: string; icon: string }

export function tabsFor(who: Pick<typeof session, 'plans' | 'serves' | 'handles'>): Tab[] {
  const me = { path: '/me', label: t.me, icon: userRound }
  const scan = { path: '/scan', label: t.scan, icon: scanQrCode }
  if (who.plans)
    return [
      { path: '/now', label: t.now, icon: usersRound },
      { path: '/plan', label: t.plan, icon: calendarDays },
      scan,
      { path: '/tickets', label: t.tickets, icon: messageSquareWarning },
      me,
    ]
  if (who.serves)
    return [
      { path: '/', label: t.today, icon: house },
      { path: '/shifts', label: t.shifts, icon: calendarDays },
      scan,
      { path: '/tickets', label: who.handles ? t.mine : t.report, icon: messageSquareWarning },
      me,
    ]
  return [{ path: '/tickets', label: t.mine, icon: messageSquareWarning }, { path: '/inbox', label: t.messages, icon: bell }, me]
}

export function deskTabs(): Tab[] {
  // Scanning is for phones; the bell and the person stand in the bar already.
  if (!session.plans) return tabsFor(session).filter((tab) => !['/scan', '/inbox', '/me'].includes(tab.path))
  return [
    { path: '/now', label: t.now, icon: usersRound },
    { path: '/plan', label: t.plan, icon: calendarDays },
    { path: '/tickets', label: t.tickets, icon: messageSquareWarning },
    { path: '/people', label: t.people, icon: usersRound },
    { path: '/places', label: t.places, icon: mapPin },
  ]
}
