/** What an invitation needs for each role. Pure. */
import type { AreaOut, PersonDetail, Role, Schema } from '../api/types'

export type NewInvitation = Schema<'NewInvitation'>
export type InvitationOut = Schema<'InvitationOut'>
export type CreateInvitation = Schema<'CreateInvitation'>

/** The roles that somebody may invite to, the frequent ones first. */
export function offered(own: ReadonlySet<Role>): Role[] {
  const roles: Role[] = ['volunteer', 'building_leader', 'handler']
  if (own.has('secretary') || own.has('subdistrict_admin')) roles.push('coordinator')
  if (own.has('subdistrict_admin')) roles.push('secretary')
  return roles
}

/** What to invite somebody to who came by the roster and has no account yet: the role they have there. */
export function held(person: Pick<PersonDetail, 'has_account' | 'memberships'>, roles: readonly Role[]): { role: Role; area: string } | null {
  const found = person.has_account ? undefined : person.memberships.find((one) => roles.includes(one.role))
  return found ? { role: found.role, area: found.area } : null
}

export interface Draft { person: string | null; name: string; known: boolean; role: Role; area: string; party: string; hours: number }
export type Missing = 'name' | 'person' | 'building' | 'party'

/** What is left to fill in. */
export function missing(draft: Draft): Missing[] {
  const found: Missing[] = []
  if (draft.known ? !draft.person : !draft.name.trim()) found.push(draft.known ? 'person' : 'name')
  if (draft.role === 'building_leader' && !draft.area) found.push('building')
  if (draft.role === 'handler' && !draft.party) found.push('party')
  return found
}

/** The body to send; `area` empty means the whole neighbourhood, which all but volunteers and building leaders serve. */
export function bodyOf(draft: Draft, neighbourhood: string): CreateInvitation {
  const narrowed = draft.role === 'building_leader' || draft.role === 'volunteer'
  return {
    ...(draft.known ? { person: draft.person } : { name: draft.name.trim() }),
    role: draft.role,
    area: (narrowed && draft.area) || neighbourhood,
    ...(draft.role === 'handler' ? { party: draft.party } : {}),
    valid_hours: draft.hours,
  }
}

export type InvitationState = 'waiting' | 'accepted' | 'expired' | 'revoked'

export function stateOf(one: Pick<InvitationOut, 'accepted_at' | 'revoked_at' | 'expires_at'>, now: Date): InvitationState {
  if (one.accepted_at) return 'accepted'
  if (one.revoked_at) return 'revoked'
  return new Date(one.expires_at) <= now ? 'expired' : 'waiting'
}

const collator = new Intl.Collator('zh', { numeric: true })
/** 9号楼 before 10号楼. */
export function ordered(areas: readonly AreaOut[]): AreaOut[] {
  return [...areas].sort((a, b) => collator.compare(a.name, b.name))
}
