import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { composeCommand } from '../../src/cli/commands/compose.ts'
import { UsageError } from '../../src/cli/exit-code.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { fakeContext } from './fake-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenantry-compose-'))
const at = (name: string): string => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const merge = async (...args: string[]) => {
  const told = fakeContext(checkoutRoot())
  const command = composeCommand(told.context).exitOverride()
  for (const child of command.commands) child.exitOverride().configureOutput({ writeErr: () => {} })
  await command.parseAsync(['merge', ...args], { from: 'user' })
  return told
}

const forTenant = ['--tenant', 'retail-banking', '--cluster', 'prod']

beforeAll(() => {
  writeFileSync(
    at('dev.yml'),
    'services:\n  api:\n    image: a:1\n    links: [api]\n    environment: { DB_PASSWORD: hunter2x, A: "1" }\n    networks: [backend]\nnetworks: { backend: {} }\n',
  )
  writeFileSync(
    at('ops.yml'),
    'services:\n  api:\n    environment: { A: "2" }\n    deploy: { replicas: 2, resources: { limits: { cpus: "1", memory: 64M } } }\n',
  )
  writeFileSync(at('greedy.yml'), 'services:\n  api:\n    image: a:1\n    privileged: true\n')
})

it('prints the stack, and tells on stderr what it left out and what was replaced', async () => {
  const told = await merge(at('dev.yml'), at('ops.yml'), ...forTenant)
  expect(told.exitCode()).toBe(0)
  expect(told.out()).toContain('replicas: 2 # ')
  expect(told.err()).toContain('dev.yml:4:5 compose/left-out services.api.links')
  expect(told.err()).toContain('compose/replaced services.api.environment.A')
})

it('writes the stack whole, and leaves nothing else beside it', async () => {
  const told = await merge(at('dev.yml'), at('ops.yml'), ...forTenant, '--output', at('out/stack.yml'))
  expect(told.out()).toBe('')
  expect(readFileSync(at('out/stack.yml'), 'utf8')).toContain('\nservices:\n')
  expect(readdirSync(at('out'))).toEqual(['stack.yml'])
})

it('explains which file and line gave a value and which lost, and shows no secret', async () => {
  const told = await merge(
    at('dev.yml'),
    at('ops.yml'),
    ...forTenant,
    '--explain',
    'services.api.environment',
  )
  expect(told.out()).toContain(`services.api.environment.A = "2"`)
  expect(told.out()).toMatch(/ops\.yml:3:\d+, not "1" of .*dev\.yml:5:\d+/)
  expect(told.out()).toContain('DB_PASSWORD = "[secret]"')
  expect(told.out()).not.toContain('hunter2x')
})

it('explains values under keys that hold dots', async () => {
  const path = 'services.api.deploy.labels.com.docker.ucp.access.label'
  const told = await merge(at('dev.yml'), at('ops.yml'), ...forTenant, '--explain', path, '--json')
  expect(JSON.parse(told.out())).toMatchObject({
    ok: true,
    explained: [{ value: '/Run/Std/retail-banking', source: { file: 'tenants/retail-banking.ts' } }],
  })
})

it('refuses what a developers’ file sets of the operators’, with its line', async () => {
  const told = await merge(at('greedy.yml'), at('ops.yml'), ...forTenant, '--json')
  expect(told.exitCode()).toBe(1)
  expect(JSON.parse(told.out())).toMatchObject({
    ok: false,
    issues: [{ code: 'compose/not-yours', source: { line: 4 } }],
  })
})

it.each([
  [['--tenant', 'retail-bankin', '--cluster', 'prod']],
  [['--tenant', 'retail-banking', '--cluster', 'prod', '--application', 'paymnts']],
  [[...forTenant, '--explain', 'services.nobody']],
])('refuses names that nobody has: %s', async (args) => {
  await expect(merge(at('dev.yml'), at('ops.yml'), ...args)).rejects.toThrow(UsageError)
})
