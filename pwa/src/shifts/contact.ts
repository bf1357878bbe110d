import type { Contact } from '../api/types'
import { t } from './words'

/** Whom one calls, as the button says it: a person's name, or the committee. */
export function callName(contact: Contact): string {
  return contact.person === null ? t.committee : contact.name
}
