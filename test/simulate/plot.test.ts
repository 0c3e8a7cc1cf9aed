import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { compare, variantsOf } from '../../src/simulate/compare.ts'
import { comparisonRows } from '../../src/simulate/comparison-rows.ts'
import { generatedLoad } from '../../src/simulate/generated-load.ts'
import { plot } from '../../src/simulate/plot.ts'
import { scenario } from './small-scenario.ts'

const compared = {
  ...scenario,
  title: 'Less <than> "one" & more',
  variants: [{ name: 'at least 6', settings: { min: 6 } }],
}
const runs = compare(compared, variantsOf(compared), () => generatedLoad(compared.load))
const svg = plot(compared, runs)

describe('plot', () => {
  it('is well-formed, whatever the title', () => {
    expect(XMLValidator.validate(svg)).toBe(true)
    const parsed = new XMLParser({ ignoreAttributes: false, htmlEntities: true }).parse(svg)
    expect(parsed.svg.title['#text']).toBe(compared.title)
    expect(parsed.svg['@_role']).toBe('img')
  })

  it('has a line a run in each of seven panels, a point a part of the time', () => {
    const lines = [...svg.matchAll(/<polyline class="line s(\d)" points="([^"]*)"/g)]
    expect(lines.map(([, run]) => run)).toEqual(Array(7).fill(['0', '1']).flat())
    expect(new Set(lines.map(([, , points = '']) => points.split(' ').length))).toEqual(new Set([240]))
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('stays inside its frame', () => {
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []
    for (const [, points = ''] of svg.matchAll(/points="([^"]*)"/g))
      for (const point of points.split(' ')) {
        const [x = -1, y = -1] = point.split(',').map(Number)
        expect(x >= 0 && x <= Number(width) && y >= 0 && y <= Number(height)).toBe(true)
      }
  })

  it('names units and runs, and has colours for dark ground', () => {
    for (const text of [
      'average load, %',
      'cost, EUR an hour',
      'hours since the begin',
      'at least 6',
      'containers without a node',
    ])
      expect(svg).toContain(text)
    expect(svg).toContain('prefers-color-scheme:dark')
  })
})

describe('comparisonRows', () => {
  it('has a column a run', () => {
    const rows = comparisonRows(runs, 'EUR')
    expect(rows[0]).toEqual(['', 'as it is', 'at least 6'])
    expect(rows.find(([title]) => title === 'VM-hours')?.[2]).toBe('144')
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([3]))
  })
})
