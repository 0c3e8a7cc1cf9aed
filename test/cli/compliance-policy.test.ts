import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { complianceCommand } from '../../src/cli/commands/compliance.ts'
import { stackFile } from '../compliance/evasion-cases.ts'
import { acme, type ClusterInput, nonprod, prod } from '../load/fleet-of.ts'
import { fakeContext } from './fake-context.ts'
import { fileTree } from './file-tree.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const stack = stackFile({ group_add: '[root]', networks: undefined })

/** A checkout with a policy, and a stack beside it. */
const checkout = (policy: string | undefined, compliance: ClusterInput['compliance'] = {}): string => {
  const root = mkdtempSync(join(tmpdir(), 'tenantry-policy-'))
  folders.push(root)
  const files = {
    ...fileTree([acme], [{ ...nonprod, compliance }, prod]),
    'stack.yml': stack,
    ...(policy === undefined ? {} : { 'compliance.ts': policy }),
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text ?? '')
  }
  return root
}

const check = async (root: string, ...args: string[]) => {
  const told = fakeContext(root)
  const command = complianceCommand(told.context).exitOverride()
  const where = ['--tenant', 'acme', '--cluster', 'nonprod', '--static']
  await command.parseAsync(['check', join(root, 'stack.yml'), ...where, ...args], { from: 'user' })
  return told
}

const run = async (root: string, ...args: string[]) => {
  const told = fakeContext(root)
  await complianceCommand(told.context).exitOverride().parseAsync(args, { from: 'user' })
  return told
}

const policy = (body: string): string =>
  `import { defineCompliance } from './src/policy/define.ts'\n\nexport default defineCompliance({\n  owner: 'sec@bank.example',\n${body}\n})\n`

const severityOf = async (root: string, rule: string): Promise<unknown> => {
  const { out } = await check(root, '--format', 'json')
  const { findings } = JSON.parse(out()) as { findings: { rule: string; severity: string }[] }
  return findings.find((one) => one.rule === rule)?.severity
}

describe('tenantry compliance check with a policy', () => {
  it('goes by the catalogue where there is none', async () => {
    expect(await severityOf(checkout(undefined), 'root/root-group')).toBe('medium')
  })

  it('goes by the policy of the checkout', async () => {
    const root = checkout(
      policy("  rules: { 'root/root-group': { severity: 'critical', reason: 'SEC-9: after the review' } },"),
    )
    expect(await severityOf(root, 'root/root-group')).toBe('critical')
  })

  it('says which rules are off, and why', async () => {
    const root = checkout(
      policy("  rules: { 'root/root-group': { off: true, reason: 'SEC-9: images of the vendor' } },"),
    )
    expect(await severityOf(root, 'root/root-group')).toBe(undefined)
    const { out } = await check(root)
    expect(out()).toContain('Switched off by compliance.ts: root/root-group (SEC-9: images of the vendor).')
  })

  it('checks nothing by a cluster file that is looser, and names the line of both', async () => {
    const root = checkout(policy('  scanMaxAgeDays: 7,'), { scanMaxAgeDays: 8 })
    const { all, exitCode } = await check(root).then((told) => ({
      all: told.out() + told.err(),
      exitCode: told.exitCode(),
    }))
    expect(all).toMatch(/stacks\/nonprod\.ts:\d+:\d+ cluster\/compliance-looser/)
    expect(all).toContain('compliance.ts:5')
    expect(exitCode).toBe(1)
  })

  it('checks nothing by a policy that is wrong', async () => {
    const root = checkout(
      policy("  rules: { 'root/privileged': { off: true, reason: 'it is only a test' } },"),
    )
    const told = await check(root)
    expect(told.out() + told.err()).toMatch(/compliance\.ts:5:\d+ compliance\/always-on/)
    expect(told.exitCode()).toBe(1)
  })
})

describe('tenantry compliance policy', () => {
  const rowsOf = async (root: string): Promise<Record<string, readonly [value: string, from: string]>> => {
    const { out } = await run(root, 'policy', '--tenant', 'acme', '--cluster', 'nonprod', '--json')
    const rows = JSON.parse(out()) as { setting: string; value: string; from: string }[]
    return Object.fromEntries(rows.map(({ setting, value, from }) => [setting, [value, from]]))
  }

  it('tells each setting with the file and line that says so', async () => {
    const body = [
      '  ceilings: { high: 5 },',
      '  scanMaxAgeDays: 14,',
      "  capabilities: ['IPC_LOCK'],",
      "  rules: { 'root/root-group': { severity: 'high', reason: 'SEC-9: after the review' } },",
      '  stages: { nonprod: { signaturesMaxAgeDays: 2 } },',
    ]
    const rows = await rowsOf(
      checkout(policy(body.join('\n')), {
        scanMaxAgeDays: 7,
        ceilings: { high: 5 },
        container: { cpu: '500m' },
      }),
    )
    expect(rows).toMatchObject({
      'ceilings.critical': ['0', 'default'],
      'ceilings.high': ['5', 'compliance.ts:5'],
      'ceilings.low': ['any number', 'default'],
      scanMaxAgeDays: ['7 days', expect.stringMatching(/^stacks\/nonprod\.ts:\d+$/)],
      signaturesMaxAgeDays: ['2 days', 'compliance.ts:9'],
      registries: ['none', 'default'],
      capabilities: ['IPC_LOCK', 'compliance.ts:7'],
      neverWaived: ['malware/found', 'default'],
      'container.cpu': ['500m', expect.stringMatching(/^stacks\/nonprod\.ts:\d+$/)],
      'container.memory': [expect.any(String), 'quota and machines'],
      'rules.root/root-group': ['high (SEC-9: after the review)', 'compliance.ts:8'],
    })
  })

  it('is a table for people, and refuses who is nobody', async () => {
    const root = checkout(undefined)
    const { out } = await run(root, 'policy', '--tenant', 'acme', '--cluster', 'nonprod')
    expect(out()).toMatch(/ceilings\.high\s+10\s+default/)
    await expect(run(root, 'policy', '--tenant', 'nobody', '--cluster', 'nonprod')).rejects.toThrow('nobody')
  })
})
