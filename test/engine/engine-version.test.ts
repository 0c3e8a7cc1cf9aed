import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engineVersion, isCompatibleEngine } from '../../src/engine/engine-version.ts'

describe('isCompatibleEngine', () => {
  test.each([
    ['v3.245.0', true],
    ['3.245.1', true],
    ['v3.300.0-alpha.1', true],
    ['v3.244.9', false],
    ['v3.68.0', false],
    ['v2.999.0', false],
    ['v4.0.0', false],
    ['', false],
    ['nonsense', false],
  ])('%s: %s', (found, expected) => {
    expect(isCompatibleEngine(found, '3.245.0')).toBe(expected)
  })

  test('the version is that of the SDK and of the module that is built', () => {
    const root = join(import.meta.dirname, '../..')
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    expect(manifest.dependencies['@pulumi/pulumi']).toBe(engineVersion)
    expect(readFileSync(join(root, 'tools/engine/go.mod'), 'utf8')).toContain(
      `github.com/pulumi/pulumi/pkg/v3 v${engineVersion}`,
    )
  })
})
