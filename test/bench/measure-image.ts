// Reads one image of the given size, made as it is read, and prints what that took as JSON: run alone, so that its memory is its own.
import { createHash } from 'node:crypto'
import { standardLimits } from '../../src/image/limits.ts'
import { readImageArchive } from '../../src/image/source/image-archive.ts'
import { endOfTar, padded, tarEntry, withSum } from '../image/make-tar.ts'

const [gibibytes = '2', layerCount = '4', smallFiles = '15000'] = process.argv.slice(2)
const fileBytes = 8 * 1024 ** 2
const filesPerLayer = Math.ceil((Number(gibibytes) * 1024 ** 3) / Number(layerCount) / fileBytes)
const noise = Buffer.from(Array.from({ length: fileBytes }, (_, at) => (at * 2654435761) >>> 24))

/** The header of a large file, without its content. */
const headerOf = (name: string, sizeBytes: number): Buffer => {
  const block = Buffer.from(tarEntry({ name, size: sizeBytes }))
  return withSum(block)
}

function* layerOf(layer: number): Generator<Buffer> {
  for (let at = 0; at < filesPerLayer; at++) {
    yield headerOf(`opt/data/${layer}/${at}.bin`, fileBytes)
    yield noise
  }
  for (let at = 0; at < Number(smallFiles); at++)
    yield tarEntry({
      name: `usr/lib/${layer}/${at % 100}/module-${at}.js`,
      content: `export const it = ${at}`,
    })
  yield endOfTar
}

const measured = (layer: number): { readonly digest: string; readonly bytes: number } => {
  const hash = createHash('sha256')
  let bytes = 0
  for (const piece of layerOf(layer)) {
    hash.update(piece)
    bytes += piece.length
  }
  return { digest: `sha256:${hash.digest('hex')}`, bytes }
}

const layers = Array.from({ length: Number(layerCount) }, (_, layer) => measured(layer))
const configuration = Buffer.from(
  JSON.stringify({ rootfs: { diff_ids: layers.map(({ digest }) => digest) } }),
)

async function* archive(): AsyncGenerator<Buffer> {
  for (const [layer, { bytes }] of layers.entries()) {
    yield headerOf(`${layer}/layer.tar`, bytes)
    yield* layerOf(layer)
  }
  yield tarEntry({ name: 'config.json', content: configuration })
  const manifest = [{ Config: 'config.json', Layers: layers.map((_, layer) => `${layer}/layer.tar`) }]
  yield tarEntry({
    name: 'manifest.json',
    content: padded(Buffer.from(JSON.stringify(manifest)))
      .toString()
      .replaceAll('\0', ' '),
  })
  yield endOfTar
}

const cpuSecondsSince = (earlier: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(earlier)
  return (user + system) / 1e6
}

const before = process.memoryUsage.rss()
const cpuBefore = process.cpuUsage()
const started = performance.now()
const options = { source: 'docker-archive', platform: 'linux/amd64', limits: standardLimits } as const
const parts = await readImageArchive(archive(), options)
const seconds = (performance.now() - started) / 1000
if (parts.layers.some(({ layer }) => layer === undefined)) throw new Error('A layer was not read.')
const tarBytes = layers.reduce((sum, { bytes }) => sum + bytes, 0)
console.log(
  JSON.stringify({
    seconds,
    cpuSeconds: cpuSecondsSince(cpuBefore),
    tarBytes,
    layers: layers.length,
    restMebibytes: before / 2 ** 20,
    mostMebibytes: process.resourceUsage().maxRSS / 1024,
  }),
)
