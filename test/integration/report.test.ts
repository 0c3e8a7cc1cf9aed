import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { previewCommand } from '../../src/cli/commands/preview.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { readDirectory } from '../../src/lab/ucp/directory.ts'
import { fakeContext } from '../cli/fake-context.ts'
import { changeOnBranch, stubEnvironment } from './change-on-branch.ts'
import { type LabSession, openLabSession } from './lab-session.ts'

vi.setConfig({ testTimeout: 600_000 })

const group = 'CN=INS-Operations,OU=Groups,DC=bank,DC=example'
const operators = 'operators: { role: '

let session: LabSession

/** `insurance` is applied on nonprod; then its operators become developers on a branch. */
beforeAll(async () => {
  session = await openLabSession()
  await changeOnBranch(session, (text) => text.replace(`${operators}'operator'`, `${operators}'developer'`))
})
afterAll(async () => {
  await session?.close()
})

beforeEach(() => stubEnvironment(session))
afterEach(() => {
  vi.unstubAllEnvs()
})

const preview = async (format: string): Promise<string> => {
  const { context, out } = fakeContext(session.files, checkoutRoot())
  await previewCommand(context)
    .exitOverride()
    .parseAsync(['--since', 'main', '--cluster', 'nonprod', '--format', format], { from: 'user' })
  return out()
}

describe('the report of a preview', () => {
  test('counts the people who lose, as the cluster itself knows them from LDAP', async () => {
    const { groups } = await readDirectory(join(checkoutRoot(), 'lab', 'directory.json'))
    const people = groups.find(({ dn }) => dn === group)?.members.length ?? 0
    expect(people).toBeGreaterThan(0)
    const { access, notes, preview: engine } = JSON.parse(await preview('json'))
    expect(JSON.stringify(notes)).not.toContain('could not be read')
    expect(access).toMatchObject({ losing: people, uncounted: 0 })
    expect(engine).toMatchObject({ stacks: 1, failures: [] })
  })

  test('is Markdown for a comment that holds no secret of the lab', async () => {
    const markdown = await preview('markdown')
    expect(markdown).toMatch(/^<!-- tenantry:report -->\n## Refused as it stands: 1 reason\n/)
    expect(markdown).toContain('The team insurance/operators loses')
    expect(markdown).toMatch(/^## 1 of \d+ organizations changes$/m)
    expect(markdown).toContain('of `insurance/operators`')
    expect(markdown).not.toContain('PRIVATE KEY')
  })
})
