import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { markedProcesses } from '../../bin/marked-processes.mjs'
import { previewCommand } from '../../src/cli/commands/preview.ts'
import { earlyStates } from '../../src/cli/early-states.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import { fakeContext } from '../cli/fake-context.ts'
import type { TemporaryRepository } from '../git/temporary-repository.ts'
import { changeOnBranch, stubEnvironment } from './change-on-branch.ts'
import { failuresOf, type LabSession, openLabSession } from './lab-session.ts'

vi.setConfig({ testTimeout: 600_000 })

let session: LabSession
let repository: TemporaryRepository

/** `insurance` is applied on nonprod; then its file changes on a branch. */
beforeAll(async () => {
  session = await openLabSession()
  repository = await changeOnBranch(session, (text) =>
    text.replace(/displayName: '[^']*'/, "displayName: 'Another name'"),
  )
})
afterAll(async () => {
  await session?.close()
})

beforeEach(() => stubEnvironment(session))
afterEach(() => {
  vi.unstubAllEnvs()
})

interface Told {
  readonly comparedWith: string
  readonly compiledBy: string
  readonly results: readonly StackResult[]
}

const preview = async (...words: readonly string[]): Promise<Told> => {
  const { context, out } = fakeContext(session.files, checkoutRoot())
  await previewCommand(context)
    .exitOverride()
    .parseAsync([...words, '--json'], { from: 'user' })
  return JSON.parse(out()) as Told
}

describe('preview --since', () => {
  test('runs the engine for the stacks of the tenant that changed, and for no other', async () => {
    const { results, comparedWith, compiledBy } = await preview('--since', 'main')
    expect(failuresOf(results)).toEqual([])
    expect(results.map(({ stack }) => stack)).toEqual(['nonprod.insurance', 'prod.insurance'])
    expect([comparedWith, compiledBy]).toEqual([repository.git('rev-parse', 'main'), 'this program'])
    const [nonprod, prod] = results
    expect(nonprod?.counts).toMatchObject({ create: 0, delete: 0, replace: 0 })
    expect(nonprod?.counts.update).toBeGreaterThan(0)
    expect(prod?.counts.create).toBeGreaterThan(10)
  })

  test('runs it on the cluster that is named', async () => {
    const { results } = await preview('--since', 'main', '--cluster', 'nonprod')
    expect(results.map(({ stack }) => stack)).toEqual(['nonprod.insurance'])
  })

  test('previews nothing where the whole fleet has an issue that the changed file has not, and leaves no engine behind', async () => {
    const file = 'tenants/insurance.ts'
    const text = readFileSync(join(session.files, file), 'utf8')
    // Another tenant's.
    repository.write({ [file]: text.replace('10.64.32.0/26', '10.64.112.0/26') })
    expect(earlyStates(session.files, [file], { organizations: [], clusters: [] })).toHaveLength(2)
    const { context, out, exitCode } = fakeContext(session.files, checkoutRoot())
    await previewCommand(context).exitOverride().parseAsync(['--since', 'main', '--json'], { from: 'user' })
    repository.write({ [file]: text })
    expect(Object.keys(JSON.parse(out()))).toEqual(['ok', 'issues'])
    expect(exitCode()).toBe(1)
    const backEnd = `PULUMI_BACKEND_URL=${session.environment.PULUMI_BACKEND_URL}`
    await expect.poll(() => markedProcesses(backEnd), { timeout: 60_000 }).toEqual([])
  })

  test('does not run it for what changed and was changed back', async () => {
    const before = repository.git('rev-parse', 'HEAD')
    repository.git('revert', '--no-edit', '--no-commit', 'HEAD')
    repository.commit({})
    expect((await preview('--since', 'main')).results).toEqual([])
    repository.git('reset', '--quiet', '--hard', before)
  })
})
