import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { factsOf } from '../image/make-image.ts'
import { makeTar } from '../image/make-tar.ts'
import { median } from './median.ts'

interface Measured {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly tarBytes: number
  readonly restMebibytes: number
  readonly mostMebibytes: number
}

const measureLarge = (gibibytes: number): void => {
  const script = join(checkoutRoot(), 'test', 'bench', 'measure-image.ts')
  const output = execFileSync(process.execPath, ['--import', 'tsx', script, String(gibibytes)], {
    cwd: checkoutRoot(),
    encoding: 'utf8',
  })
  const { seconds, cpuSeconds, tarBytes, restMebibytes, mostMebibytes } = JSON.parse(output) as Measured
  console.log(
    `image of ${gibibytes} GiB, 4 layers, 60,000 files: ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU), ${(tarBytes / 2 ** 20 / seconds).toFixed(0)} MiB/s, ${mostMebibytes.toFixed(0)} MiB at most (${restMebibytes.toFixed(0)} MiB before; 300 are the limit)`,
  )
}

/** 100 layers of 200 files, gzipped, as a base image's successors are. */
const measureLayers = async (): Promise<void> => {
  const layers = Array.from({ length: 100 }, (_, layer) =>
    makeTar(
      Array.from({ length: 200 }, (_, at) => ({
        name: `usr/lib/${layer}/${at}.so`,
        content: 'x'.repeat(2000),
      })),
    ),
  )
  const stored = layers.map((layer) => gzipSync(layer))
  const seconds: number[] = []
  const cpuSeconds: number[] = []
  for (let run = 0; run < 5; run++) {
    const [started, before] = [performance.now(), process.cpuUsage()]
    await factsOf({ layers }, { stored })
    const { user, system } = process.cpuUsage(before)
    seconds.push((performance.now() - started) / 1000)
    cpuSeconds.push((user + system) / 1e6)
  }
  console.log(
    `layers of 200 files, gzipped: ${(100 / median(seconds)).toFixed(0)} layers a second, ${(100 / median(cpuSeconds)).toFixed(0)} a second of CPU`,
  )
}

/** What reading an image costs: memory of a large one, layers a second of small ones. */
export const benchImage = async (): Promise<void> => {
  measureLarge(2)
  await measureLayers()
}
