import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadCluster } from '../../src/load/load-cluster.ts'
import { issuesOf, nonprod } from './fleet-of.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tenantry-cluster-'))
  mkdirSync(join(root, 'stacks'))
})
afterEach(() => rmSync(root, { recursive: true }))

const write = (cluster: object): void =>
  writeFileSync(join(root, 'stacks', 'nonprod.ts'), `export default ${JSON.stringify(cluster)}\n`)
const codes = (name = 'nonprod') => issuesOf(loadCluster(root, name)).map(({ code }) => code)

describe('one cluster’s file', () => {
  it('is read where no tenants’ are', () => {
    write(nonprod)
    expect(loadCluster(root, 'nonprod')).toMatchObject({ ok: true, value: { value: { cluster: 'nonprod' } } })
  })

  it('is checked by itself', () => {
    write({ ...nonprod, watch: { node: { sampleSeconds: 20 } } })
    expect(codes()).toEqual(['cluster/watch'])
    write({ ...nonprod, stage: 'test' })
    expect(codes()).toEqual(['cluster/wrong-value'])
  })

  it('has to be there, in its folder', () => {
    expect(codes()).toEqual(['reader/unreadable'])
    writeFileSync(join(root, 'elsewhere.ts'), `export default ${JSON.stringify(nonprod)}\n`)
    expect(codes('../elsewhere')).not.toEqual([])
  })
})
