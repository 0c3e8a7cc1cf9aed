import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { composeCommand } from '../../src/cli/commands/compose.ts'
import { fakeContext } from '../cli/fake-context.ts'
import { applicationOf, type CorpusStack } from '../compose/corpus.ts'
import type { StackFile } from './stack-file.ts'

/** Where the names of the corpus are in the lab. */
export interface Places {
  /** Host and port of the registry. */
  readonly registry: string
  /** Folder with the fleet's files. */
  readonly files: string
}

/** A variable that whoever deploys sets from Vault. */
export interface Reference {
  readonly variable: string
  readonly mount: string
  readonly secret: string
  readonly field: string
}

/** A stack as the command has merged it for the lab. */
export interface MergedFile {
  readonly name: string
  /** Path of the stack file. */
  readonly path: string
  readonly file: StackFile
  readonly references: readonly Reference[]
  readonly told: Told
}

/** What the merge told beside the stack, as paths of it: `services.api.cap_add`. */
export interface Told {
  /** What an engine drops that is spoken to in an old version. */
  readonly newerApi: ReadonlySet<string>
  /** What the client ignores. */
  readonly ignored: readonly string[]
}

const toldOf = (warnings: readonly { readonly code: string; readonly message: string }[]): Told => {
  const paths = (code: string): readonly string[] =>
    warnings.flatMap((one) => (one.code === code ? [one.message.split(' ')[0] ?? ''] : []))
  return { newerApi: new Set(paths('compose/newer-api')), ignored: paths('compose/ignored') }
}

const copied = async ({ name, folder, files }: CorpusStack, places: Places): Promise<readonly string[]> => {
  const to = join(places.files, 'corpus', name)
  await cp(folder, to, { recursive: true })
  for (const file of await readdir(to)) {
    const text = await readFile(join(to, file), 'utf8')
    const here = text
      .replaceAll('registry.prod.bank.example', places.registry)
      // UDP to where nobody listens is lost as it would be; a name that nobody knows keeps a container from starting.
      .replaceAll('udp://logs.bank.example', 'udp://127.0.0.1')
    await writeFile(join(to, file), here)
  }
  return files.map((file) => join(to, basename(file)))
}

/** A stack of the corpus, its files copied with the lab's addresses in them, merged for the sample tenant on prod. */
export const mergeByCommand = async (stack: CorpusStack, places: Places): Promise<MergedFile> => {
  const paths = await copied(stack, places)
  const path = join(places.files, 'corpus', stack.name, 'stack.yml')
  const told = fakeContext(places.files)
  const application = applicationOf(stack.name)
  const words = [
    ...['merge', ...paths, '--tenant', 'retail-banking', '--cluster', 'prod', '--output', path, '--json'],
    ...(application === undefined ? [] : ['--application', application]),
  ]
  await composeCommand(told.context).parseAsync(words, { from: 'user' })
  if (told.exitCode() !== 0) throw new Error(`${stack.name}: ${told.out()}${told.err()}`)
  const { references, warnings } = JSON.parse(told.out()) as {
    readonly references: readonly Reference[]
    readonly warnings: Parameters<typeof toldOf>[0]
  }
  // As the client's reader has it: 0400 is octal.
  const file = parse(await readFile(path, 'utf8'), { version: '1.1' }) as StackFile
  return { name: stack.name, path, file, references, told: toldOf(warnings) }
}
