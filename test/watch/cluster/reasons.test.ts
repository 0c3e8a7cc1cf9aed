import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkoutRoot } from '../../../src/engine/checkout.ts'
import { reasonCodes } from '../../../src/watch/cluster/decision.ts'

describe('the page of the reasons', () => {
  it('explains each, once, and no other', () => {
    const page = readFileSync(join(checkoutRoot(), 'docs', 'cluster-watcher.md'), 'utf8')
    const explained = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code)
    expect(explained.sort()).toEqual([...reasonCodes].sort())
  })
})
