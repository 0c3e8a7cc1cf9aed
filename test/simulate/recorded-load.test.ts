import { describe, expect, it } from 'vitest'
import { parseRecording } from '../../src/simulate/recorded-load.ts'
import { rehearse } from '../../src/simulate/rehearse.ts'
import { recordedScenario } from '../../src/simulate/scenarios/recorded.ts'
import { levelsFor } from '../../src/simulate/workload.ts'

const head =
  'seconds,service,containers,cpuMillis,memoryBytes,cpuLimitMillis,memoryLimitBytes,cpuFloorMillis,memoryFloorBytes'
const csv = `${head}
0,web,10,100,1000,1000,2000,50,500
600,web,20,200,1500,1000,2000,50,500

300,db,1,900,9000,2000,10000,100,1000
`
const json = csv
  .trim()
  .split('\n')
  .slice(1)
  .filter((line) => line !== '')
  .map((line) =>
    JSON.stringify(
      Object.fromEntries(
        head
          .split(',')
          .map((name, at) => [name, name === 'service' ? line.split(',')[at] : Number(line.split(',')[at])]),
      ),
    ),
  )
  .join('\n')

const levelsAt = (text: string, second: number) => {
  const parsed = parseRecording(text, 'june')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
  const levels = levelsFor(2)
  parsed.workload.at(second, levels)
  return [[...levels.containers], [...levels.cpuMillis]]
}

describe('a recording', () => {
  it.each([
    ['CSV', csv],
    ['JSON lines', json],
  ])('as %s holds from line to line', (_, text) => {
    expect(levelsAt(text, 0)).toEqual([
      [10, 0],
      [100, 0],
    ])
    expect(levelsAt(text, 599)).toEqual([
      [10, 1],
      [100, 900],
    ])
    expect(levelsAt(text, 600)).toEqual([
      [20, 1],
      [200, 900],
    ])
    expect(levelsAt(text, 1e9)).toEqual([
      [20, 1],
      [200, 900],
    ])
  })

  it('may be asked for an earlier time again', () => {
    const parsed = parseRecording(csv, 'june')
    if (!parsed.ok) throw new Error('not read')
    const levels = levelsFor(2)
    parsed.workload.at(700, levels)
    parsed.workload.at(0, levels)
    expect(levels.containers[0]).toBe(10)
  })

  it('names every line that is wrong', () => {
    const parsed = parseRecording(
      `${head}\n0,web,-1,1,1,1,1,1,1\n0,web,1\n0,,1,1,1,1,1,1,1\n0,web,x,1,1,1,1,1,1`,
      'june.csv',
    )
    expect(parsed.ok ? [] : parsed.issues.map(({ source, message }) => `${source?.line} ${message}`)).toEqual(
      [
        '2 containers is "-1".',
        '3 The line has 3 cells, the first one 9.',
        '4 service is missing.',
        '5 containers is "x".',
      ],
    )
  })

  it.each([
    ['', 'recording/empty'],
    [head, 'recording/empty'],
    ['{"seconds":1', 'recording/line'],
  ])('without load is refused: %j', (text, code) => {
    const parsed = parseRecording(text, 'june')
    expect(parsed.ok ? [] : parsed.issues.map((one) => one.code)).toEqual([code])
  })

  it('is replayed: what it says is what nodes carry', () => {
    const text = `${head}\n0,web,32,250,1073741824,1000,2147483648,100,536870912`
    const parsed = parseRecording(text, 'june')
    if (!parsed.ok) throw new Error('not read')
    const scenario = recordedScenario('june', parsed.seconds)
    const { totals, recording } = rehearse(scenario, scenario.settings, parsed.workload)
    expect(totals.unplacedHours).toBe(0)
    // 32 × 0.25 CPUs and 32 GiB on two nodes of 16 CPUs and 64 GiB.
    expect(recording.series.loadPercent.mean.at(-1)).toBeCloseTo(25, 6)
    expect(recording.series.memoryPercent.mean.at(-1)).toBeCloseTo(25, 6)
  })
})

describe('a replay', () => {
  it('begins with as many VMs as what runs then needs, and as the pool allows', () => {
    const text = `${head}\n0,web,640,100,1000,1000,2147483648,100,536870912`
    const parsed = parseRecording(text, 'june')
    if (!parsed.ok) throw new Error('not read')
    const scenario = recordedScenario('june', parsed.seconds)
    // Half a CPU each is reserved: 32 on a VM of 16.
    expect(rehearse(scenario, scenario.settings, parsed.workload).totals).toMatchObject({
      fewestMachines: 20,
      mostUnplaced: 0,
    })
    const narrow = rehearse(scenario, { ...scenario.settings, max: 15 }, parsed.workload)
    expect(narrow.totals).toMatchObject({ mostMachines: 15, mostUnplaced: 160 })
  })
})
