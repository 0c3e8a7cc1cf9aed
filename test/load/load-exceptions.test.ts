import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadFleet } from '../../src/load/load-fleet.ts'
import { acme, clusterText, codesOf, nonprod, prod, tenantText } from './fleet-of.ts'

let root: string
const write = async (file: string, text: string): Promise<void> => {
  await mkdir(dirname(join(root, file)), { recursive: true })
  await writeFile(join(root, file), text)
}
const at = (moment: string) => loadFleet(root, () => new Date(moment))
const load = () => at('2026-11-22T10:00:00Z')

const override = `import { defineOverride } from '../src/exception/define.ts'

export default defineOverride({
  owner: 'ann@bank.example',
  reason: 'BANK-17: smaller machines',
  scope: { rules: ['tenants-touched'], fleet: true },
  expires: '2026-11-30',
})
`

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenantry-exceptions-'))
  for (const { file, text } of [tenantText(acme), clusterText(nonprod), clusterText(prod)])
    await write(file, text)
})
afterEach(() => rm(root, { recursive: true }))

describe('a checkout', () => {
  it('can do without settings, overrides and holds', async () => {
    const result = await load()
    expect(result.ok && [result.value.settings, result.value.overrides, result.value.holds]).toEqual([
      undefined,
      [],
      [],
    ])
  })

  it('is read with them, by their places', async () => {
    await write('fleet.ts', 'export default defineFleet({ waves: { from: 3 } })\n')
    await write('overrides/machines.ts', override)
    const result = await load()
    expect(codesOf(result)).toEqual([])
    expect(result.ok && result.value.settings?.value.waves?.from).toBe(3)
    expect(result.ok && result.value.overrides.map(({ file }) => file)).toEqual(['overrides/machines.ts'])
  })

  it('is refused with an override that is over, by the clock it is given', async () => {
    await write('overrides/machines.ts', override)
    expect(codesOf(await at('2026-11-30T23:59:59Z'))).toEqual([])
    expect(codesOf(await at('2026-12-01T00:00:00Z'))).toEqual(['overrides/machines.ts override/expired'])
  })

  it('is refused with what looks like one and is not read', async () => {
    await write('overrides/old/machines.ts', override)
    await write('holds/acme.js', 'export default {}')
    expect(codesOf(await load())).toEqual([
      'holds/acme.js fleet/not-a-typed-file',
      'overrides/old fleet/not-a-typed-file',
    ])
  })

  it('is refused with settings that are none', async () => {
    await write('fleet.ts', "import { defineFleet } from '../src/fleet/define.ts'\nprocess.exit(3)\n")
    expect(codesOf(await load())).toEqual(['fleet.ts reader/statement'])
    await rm(join(root, 'fleet.ts'))
    await mkdir(join(root, 'fleet.ts'))
    expect(codesOf(await load())).toEqual(['fleet.ts reader/unreadable'])
  })

  it('is refused with a link that leads out of it, or to nowhere', async () => {
    await mkdir(join(root, 'overrides'))
    await symlink('/etc/hostname', join(root, 'overrides', 'out.ts'))
    await symlink('/nowhere/at/all.ts', join(root, 'overrides', 'gone.ts'))
    expect(codesOf(await load())).toEqual([
      'overrides/gone.ts reader/unreadable',
      'overrides/out.ts reader/outside',
    ])
  })

  it('is refused with settings behind a link to nowhere, which are not simply absent', async () => {
    await symlink('/nowhere/at/all.ts', join(root, 'fleet.ts'))
    expect(codesOf(await load())).toEqual(['fleet.ts reader/unreadable'])
  })
})
