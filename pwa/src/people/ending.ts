/** Whose role one may end, and who may be shut out: whoever may give a role may take it. Pure; the server decides in any case. */
import type { MembershipOut, PersonDetail, Role } from '../api/types'
import { offered } from './invite'

type Held = Pick<MembershipOut, 'id' | 'role' | 'neighbourhoods'>
const counts = (one: Held, here: string): boolean => one.neighbourhoods.some((place) => place.id === here)

export function mayEnd(one: Held, own: ReadonlySet<Role>, here: string): boolean {
  return counts(one, here) && offered(own).includes(one.role)
}

/** Nothing else keeps them here. */
export function isLastHere(memberships: readonly Held[], one: Held, here: string): boolean {
  return !memberships.some((other) => other.id !== one.id && counts(other, here))
}

/** What is shown to be done with the account; nothing for oneself, and where one of the roles is for others to end. */
export function accountAct(person: Pick<PersonDetail, 'id' | 'has_account' | 'account_disabled' | 'memberships'>, me: string | undefined, own: ReadonlySet<Role>, here: string): 'shut' | 'open' | null {
  if (person.id === me || !person.memberships.every((one) => mayEnd(one, own, here))) return null
  return person.account_disabled ? 'open' : person.has_account ? 'shut' : null
}
