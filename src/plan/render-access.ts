import type { Subject } from '../model/grant.ts'
import { type AccessChange, type Permission, subjectText } from './effective-access.ts'

/** How many people a subject stands for; undefined where the directory is not at hand. */
export type PeopleOf = (subject: Subject) => number | undefined

/** A subject in words, e.g. `account svc-acme-ci`. */
export const nameOfSubject = (subject: Subject): string => {
  switch (subject.kind) {
    case 'team':
      return subjectText(subject)
    case 'organization':
      return `everyone of ${subject.organization}`
    case 'user':
      return `account ${subject.user}`
  }
}

const people = (count: number): string => `${count} ${count === 1 ? 'person' : 'people'} of `

const sentence = (change: AccessChange, count: number | undefined, part: 'gained' | 'lost'): string => {
  const who = `${count === undefined ? '' : people(count)}${nameOfSubject(change.subject)}`
  const single = count === 1 || (count === undefined && change.subject.kind === 'user')
  const verb = part === 'gained' ? (single ? 'gains' : 'gain') : single ? 'loses' : 'lose'
  return `${who} ${verb} ${change[part].join(', ')} on ${change.collection}`
}

const isDangerous = (permission: Permission): boolean => permission.includes('[')

/** A change as sentences, e.g. `3 people of acme/developers gain Service Create on /Run/Std/acme`: gains, then losses. */
export const renderAccessChange = (
  change: AccessChange,
  peopleOf: PeopleOf = () => undefined,
): readonly string[] => {
  const count = change.subject.kind === 'user' ? undefined : peopleOf(change.subject)
  return (['gained', 'lost'] as const)
    .filter((part) => change[part].length > 0)
    .map((part) => sentence(change, count, part))
}

/** Whether a change gives somebody what reaches the host: a reviewer looks at it first. */
export const givesDangerous = (change: AccessChange): boolean => change.gained.some(isDangerous)
