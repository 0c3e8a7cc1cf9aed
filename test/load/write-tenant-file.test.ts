import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTypedFile } from '../../src/load/read-typed-file.ts'
import { renderTenantFile } from '../../src/load/write-tenant-file.ts'
import { arbitraryTenant } from '../compile/arbitrary-tenant.ts'
import { generateTenants } from '../fixtures/generate-fleet.ts'
import { acme, type TenantInput } from './fleet-of.ts'

const checkout = join(import.meta.dirname, '../..')

const line = fc
  .string({ unit: fc.constantFrom("'", '"', '\\', '`', '$', '{', '/', ' ', 'a', 'é', '銀'), maxLength: 70 })
  .map((text) => text.trim())
  .filter((text) => text !== '')

const arbitrary: fc.Arbitrary<TenantInput> = fc
  .tuple(arbitraryTenant(fc.constantFrom('acme', 'private-banking')), fc.option(line, { nil: undefined }))
  .map(([tenant, displayName]) => ({ ...tenant, ...(displayName === undefined ? {} : { displayName }) }))

const read = (text: string): unknown => {
  const result = parseTypedFile('tenants/acme.ts', text, 'tenant')
  return result.ok ? result.value.value : result.issues
}

/** What Biome would change in files of these texts, with our configuration; empty where nothing. */
const biomeChanges = (texts: readonly string[]): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-written-'))
  texts.forEach((text, index) => {
    writeFileSync(join(folder, `tenant-${index}.ts`), text)
  })
  const { status, stdout, stderr } = spawnSync(
    join(checkout, 'node_modules/.bin/biome'),
    ['format', `--config-path=${checkout}`, '--max-diagnostics=5', folder],
    { encoding: 'utf8' },
  )
  const said = `${stdout}${stderr}`
  return status === 0 && said.includes(`Checked ${texts.length} files`) ? '' : said
}

describe('a written tenant file', () => {
  it('has its fields in the order of the schema and its named things by name', () => {
    const shuffled: TenantInput = {
      applications: { zoo: { environments: ['dev'] }, app: { repositories: ['app'], environments: ['dev'] } },
      offers: { 'build/std': {}, 'run/std': {} },
      teams: { 'the-team': { members: ['ann'], role: 'developer' } },
      costCentre: 'AC-100',
      technicalLead: "t.o'neil@bank.example",
      owner: 'ann@bank.example',
      size: 'small',
      organization: 'acme',
      displayName: 'The "Acme" \\ bank',
    }
    expect(renderTenantFile(shuffled)).toBe(`import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'acme',
  displayName: 'The "Acme" \\\\ bank',
  size: 'small',
  owner: 'ann@bank.example',
  technicalLead: "t.o'neil@bank.example",
  costCentre: 'AC-100',
  teams: {
    'the-team': { role: 'developer', members: ['ann'] },
  },
  offers: { 'run/std': {}, 'build/std': {} },
  applications: {
    app: { environments: ['dev'], repositories: ['app'] },
    zoo: { environments: ['dev'] },
  },
})
`)
  })

  it('reads back as the same tenant', () => {
    fc.assert(
      fc.property(arbitrary, (tenant) => {
        expect(read(renderTenantFile(tenant))).toEqual(tenant)
      }),
    )
  })

  it('is the same text when it is written again', () => {
    fc.assert(
      fc.property(arbitrary, (tenant) => {
        const text = renderTenantFile(tenant)
        expect(renderTenantFile(read(text) as TenantInput)).toBe(text)
      }),
    )
  })

  it('is what Biome leaves unchanged', () => {
    const long: TenantInput = {
      ...acme,
      displayName: 'x'.repeat(80),
      teams: {
        developers: {
          role: 'developer',
          ldapGroup: `CN=${'group'.repeat(20)},OU=Groups,DC=bank,DC=example`,
          description: 'd'.repeat(200),
        },
        people: { role: 'viewer', members: Array.from({ length: 20 }, (_, index) => `person-${index}`) },
      },
    }
    const tenants = [
      acme,
      long,
      ...generateTenants(25, 11),
      ...fc.sample(arbitrary, { numRuns: 25, seed: 5 }),
    ]
    const texts = tenants.map((tenant) => renderTenantFile(tenant))
    expect(biomeChanges(texts)).toBe('')
  }, 120_000)
})
