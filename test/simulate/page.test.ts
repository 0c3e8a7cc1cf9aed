import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { shippedScenarios } from '../../src/simulate/scenarios/shipped.ts'

const page = readFileSync(join(checkoutRoot(), 'docs', 'rehearsal.md'), 'utf8')
const readme = readFileSync(join(checkoutRoot(), 'README.md'), 'utf8')

describe('the page of the rehearsals', () => {
  it.each(shippedScenarios.map((one) => [one.name, one] as const))(
    'has the plot and the table of %s',
    (name, scenario) => {
      const block = page.split(`<!-- ${name}, made by`)[1]?.split(`<!-- End of ${name}. -->`)[0] ?? ''
      expect(block).toContain(scenario.about)
      expect(block).toContain('| container-hours without a node |')
      expect(block).toContain(`](rehearsal/${name}.svg)`)
      expect(existsSync(join(checkoutRoot(), 'docs', 'rehearsal', `${name}.svg`))).toBe(true)
      expect(readme).toContain(`docs/rehearsal/${name}.svg`)
    },
  )
})
