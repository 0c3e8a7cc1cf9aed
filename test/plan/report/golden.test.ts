import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { belowMarker, refusalMarkdown } from '../../../src/cli/ci/refusal.ts'
import { changeReport } from '../../../src/plan/report/change-report.ts'
import { wholeMarkdown } from '../../../src/plan/report/comment.ts'
import { renderJson } from '../../../src/plan/report/render-json.ts'
import { renderTextBlocks } from '../../../src/plan/report/render-text.ts'
import { reportBlocks, terminalLimits } from '../../../src/plan/report/report-blocks.ts'
import { scenarios } from './scenarios.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), 'golden')

/** One of each that is no comment: what a terminal and a machine read. */
const other = 'team-other-role'

const goldens = (): ReadonlyMap<string, string> => {
  const texts = new Map<string, string>()
  for (const [name, input] of Object.entries(scenarios)) {
    const report = changeReport(input)
    texts.set(`${name}.md`, belowMarker(wholeMarkdown(report), refusalMarkdown(report.refusals)))
    if (name !== other) continue
    texts.set(`${name}.txt`, renderTextBlocks(reportBlocks(report, terminalLimits)))
    texts.set(`${name}.json`, renderJson(report))
  }
  return texts
}

const texts = goldens()

if (process.env.UPDATE_GOLDEN === '1') {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [name, text] of texts) writeFileSync(join(folder, name), text)
}

describe('the report of each kind of change', { timeout: 60_000 }, () => {
  it.each([...texts])('%s is what was reviewed (UPDATE_GOLDEN=1 rewrites it)', (name, text) => {
    expect(text).toBe(readFileSync(join(folder, name), 'utf8'))
  })

  it('has a golden file for each and no other', () => {
    expect(readdirSync(folder).sort()).toEqual([...texts.keys()].sort())
  })
})
