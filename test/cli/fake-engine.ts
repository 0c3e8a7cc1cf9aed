import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A program that answers as the engine's CLI does, for one kind of resource: its world is a file that maps names to texts, what is
 * desired of a resource is its `fullName`. It keeps its state and history as a file back end does. With FAKE_CUT in its
 * environment `up` ends badly after the first change.
 */
const program = `#!/usr/bin/env node
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs')
const { dirname, join } = require('node:path')
const words = process.argv.slice(2)
const stack = words[words.indexOf('--stack') + 1]
const backEnd = join(process.env.PULUMI_BACKEND_URL.slice('file://'.length), '.pulumi')
const stateFile = join(backEnd, 'stacks', 'tenantry', stack + '.json')
const read = (file) => { try { return JSON.parse(readFileSync(file, 'utf8')) } catch { return undefined } }
const write = (file, value) => { mkdirSync(dirname(file), { recursive: true }); writeFileSync(file, JSON.stringify(value)) }
const writeState = (resources) =>
  write(stateFile, { version: 3, checkpoint: { latest: { manifest: { time: new Date().toISOString() }, resources } } })
const state = read(stateFile)
const urnOf = (name) => 'urn:pulumi:' + stack + '::tenantry::x:index:Y::' + name
const resourceOf = (name, text) => ({ urn: urnOf(name), type: 'x:index:Y', custom: true, id: name, inputs: { text } })
const held = state === undefined ? [] : state.checkpoint.latest.resources
if (words[0] === 'stack') {
  const name = words.find((word) => /^[a-z-]+\\.[a-z-]+$/.test(word))
  if (words[1] === 'init') write(join(dirname(stateFile), name + '.json'), { version: 3, checkpoint: { latest: { manifest: { time: new Date().toISOString() }, resources: [] } } })
  else console.log(JSON.stringify({ version: 3, deployment: { resources: held } }))
  process.exit(0)
}
if (state === undefined) { console.error("error: no stack named '" + stack + "' found"); process.exit(255) }
const world = read(process.env.FAKE_WORLD) ?? {}
const names = held.map(({ urn }) => urn.slice(urn.lastIndexOf('::') + 2))
const known = new Map(
  words.includes('--refresh')
    ? names.filter((name) => name in world).map((name) => [name, world[name]])
    : held.map(({ inputs }, index) => [names[index], inputs.text]),
)
const wanted = new Map(read(process.env.TENANTRY_DESIRED).resources.map(({ key, fullName }) => [key, fullName]))
let changes = 0
for (const name of new Set([...wanted.keys(), ...known.keys()])) {
  const [from, to] = [known.get(name), wanted.get(name)]
  const op = from === undefined ? 'create' : to === undefined ? 'delete' : from === to ? 'same' : 'update'
  const side = (text) => (text === undefined ? null : { custom: true, id: name, inputs: { text } })
  const metadata = { op, urn: urnOf(name), type: 'x:index:Y', old: side(from), new: side(to), detailedDiff: op === 'update' ? { text: { diffKind: 'update' } } : null }
  console.log(JSON.stringify({ resOutputsEvent: { metadata } }))
  if (words[0] !== 'up' || op === 'same') continue
  if (to === undefined) { delete world[name]; known.delete(name) } else { world[name] = to; known.set(name, to) }
  changes += 1
  if (process.env.FAKE_CUT !== undefined && changes === 1) break
}
if (words[0] === 'up') {
  write(process.env.FAKE_WORLD, world)
  writeState([...known].map(([name, text]) => resourceOf(name, text)))
  write(join(backEnd, 'history', 'tenantry', stack, stack + '-' + process.hrtime.bigint() + '.history.json'), {})
}
process.exit(process.env.FAKE_CUT === undefined || words[0] !== 'up' ? 0 : 1)
`

/** An engine in a folder, with its world. */
export interface FakeEngine {
  /** The folder of the program. */
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  readonly world: () => Promise<Readonly<Record<string, string>>>
  /** Changes the world by hand. */
  readonly change: (change: Readonly<Record<string, string>>) => Promise<void>
}

/** Puts the engine into a folder; its state is kept in `state` below it. */
export const fakeEngine = async (folder: string): Promise<FakeEngine> => {
  const directory = join(folder, 'engine')
  const file = join(folder, 'world.json')
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'pulumi'), program)
  await chmod(join(directory, 'pulumi'), 0o755)
  await writeFile(file, '{}')
  const world = async () => JSON.parse(await readFile(file, 'utf8')) as Record<string, string>
  return {
    directory,
    environment: {
      PATH: process.env.PATH,
      PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
      FAKE_WORLD: file,
    },
    world,
    change: async (change) => writeFile(file, JSON.stringify({ ...(await world()), ...change })),
  }
}
