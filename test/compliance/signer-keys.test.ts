import { expect, it } from 'vitest'
import { checkStack } from '../../src/compliance/check.ts'
import type { SignerKeys } from '../../src/compliance/signer-keys.ts'
import { nonprod } from '../compile/fixtures/clusters.ts'
import { type Case, goodFacts, requestOf } from './stack-case.ts'

const key = (digit: string): string => digit.repeat(64)
const group = (name: string): string => `CN=${name},OU=Groups,DC=bank,DC=example`
const cluster: Case['cluster'] = {
  contentTrust: { required: true, signers: { security: group('Security'), operations: group('Operations') } },
}
const { digest = '' } = goodFacts()

const unsigned = (roles: readonly string[], keys: readonly string[] | undefined, known?: SignerKeys) => {
  const facts: Case['facts'] = (image) => {
    image.trust = { state: 'signed', digest, signers: roles, ...(keys === undefined ? {} : { keys }) }
  }
  const request = requestOf({ cluster: { ...nonprod, ...cluster }, facts })
  return checkStack(known === undefined ? request : { ...request, signerKeys: known })
    .open.filter(({ finding }) => finding.rule === 'image/unsigned')
    .map(({ finding }) => finding.message)
}

const known: SignerKeys = new Map([
  ['security', new Set([key('a'), key('b')])],
  ['operations', new Set([key('c')])],
])
const lacking = (team: string) => [expect.stringMatching(new RegExp(`lacks the signature of ${team}\\.$`))]

it('takes the key of a member for the team’s signature, whatever its role is named', () => {
  expect(unsigned(['targets/ann', 'targets/bob'], [key('b'), key('c')], known)).toEqual([])
  expect(unsigned(['targets/ann'], [key('a')], known)).toEqual(lacking('operations'))
})

it('does not take a role for the team’s because it bears its name', () => {
  const named = ['targets/operations', 'targets/security']
  expect(unsigned(named, [key('d')], known)).toEqual(lacking('security and operations'))
  expect(unsigned(named, [key('a')], new Map())).toEqual(lacking('security and operations'))
})

it('goes by the names of roles where nobody told whose keys there are', () => {
  const named = ['targets/operations', 'targets/security']
  expect(unsigned(named, undefined)).toEqual([])
  expect(unsigned(named, [key('d')])).toEqual([])
  expect(unsigned(['targets/ann'], [key('a')])).toEqual(lacking('security and operations'))
})
