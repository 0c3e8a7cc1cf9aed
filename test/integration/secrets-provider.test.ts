import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Http } from '../../src/clients/http.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { StackRun } from '../../src/engine/engine-attempt.ts'
import { upStack } from '../../src/engine/run-stack.ts'
import { findVaultBinary } from '../../src/lab/vault/real-vault.ts'
import { missingPart } from '../missing-part.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from './lab-session.ts'

const hasVault = (await findVaultBinary()) !== undefined
if (!hasVault) missingPart('vault', 'the state encrypted by Vault transit')

let session: LabSession
let project: string

const nonprod = () => {
  const found = session.lab.clusters.find(({ cluster }) => cluster.cluster === 'nonprod')
  if (found === undefined) throw new Error('no nonprod')
  return found
}

/** A Pulumi project of the test's own, so that its stack settings are not those of the checkout. */
const makeProject = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-transit-'))
  await mkdir(join(folder, 'stacks'))
  const text = await readFile(join(checkoutRoot(), 'Pulumi.yaml'), 'utf8')
  const absolute = text
    .replace(/main: (.*)/, `main: ${checkoutRoot()}/$1`)
    .replace(/path: (.*)/, `path: ${checkoutRoot()}/$1`)
  await writeFile(join(folder, 'Pulumi.yaml'), absolute)
  return folder
}

describe.runIf(hasVault)('a state whose secrets Vault transit encrypts', () => {
  beforeAll(async () => {
    session = await openLabSession()
    project = await makeProject()
    const { address, rootToken } = nonprod().vault
    const vault = new Http({ system: 'Vault', endpoint: address })
    const headers = { 'x-vault-token': rootToken }
    await vault.send({ method: 'POST', path: '/v1/sys/mounts/transit', headers, body: { type: 'transit' } })
    await vault.send({ method: 'POST', path: '/v1/transit/keys/tenantry', headers, body: {} })
    await vault.close()
  })
  afterAll(async () => {
    await session?.close()
    await rm(project, { recursive: true, force: true })
  })

  test('is written, read again from a fresh checkout, and holds nothing in clear', async () => {
    const { address, rootToken } = nonprod().vault
    const environment: NodeJS.ProcessEnv = {
      ...session.environment,
      VAULT_SERVER_URL: address,
      VAULT_SERVER_TOKEN: rootToken.reveal(),
      TENANTRY_SECRETS_PROVIDER: 'hashivault://tenantry',
    }
    for (const state of (await session.stacks(['data-science'])).filter(
      ({ cluster }) => cluster === 'nonprod',
    )) {
      const desired = join(project, `${state.stack}.json`)
      await writeFile(desired, JSON.stringify(state))
      const run: StackRun = { stack: state.stack, engine: session.engine, environment, desired, project }
      expect(failuresOf([await upStack(run)])).toEqual([])
      await rm(join(project, 'stacks'), { recursive: true })
      await mkdir(join(project, 'stacks'))
      const second = await upStack(run)
      expect(failuresOf([second])).toEqual([])
      expect(changesOf([second])).toEqual([])
      const file = join(session.lab.layout.state, '.pulumi', 'stacks', 'tenantry', `${state.stack}.json`)
      const text = await readFile(file, 'utf8')
      expect(text).toContain('hashivault://tenantry')
      expect(text).not.toContain(nonprod().platformPassword.reveal())
    }
  })
})
