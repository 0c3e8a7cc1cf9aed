import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { runEngine } from '../../src/engine/engine-process.ts'

/** What the previews of our stacks are compared with: an ES module under the same language host. */
export const emptyPrograms = {
  'bare program': '',
  'imports @pulumi/pulumi': "import '@pulumi/pulumi'\n",
} as const

export type EmptyProgram = keyof typeof emptyPrograms

/** A stack to be previewed. */
export interface Subject {
  readonly name: string
  readonly project: string
  readonly stack: string
}

const projectFile = (name: string): string => `name: ${name}
runtime:
  name: nodejs
  options:
    typescript: false
main: main.mjs
`

/** Writes the project of an empty program and makes its stack. */
export const emptyStack = async (
  name: EmptyProgram,
  { folder, engine, environment }: { folder: string; engine: string; environment: NodeJS.ProcessEnv },
): Promise<Subject> => {
  const id = name === 'bare program' ? 'bare' : 'import'
  const project = join(folder, id)
  mkdirSync(project)
  writeFileSync(join(project, 'Pulumi.yaml'), projectFile(`empty-${id}`))
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "type": "module", "main": "main.mjs" }\n')
  writeFileSync(join(project, 'main.mjs'), emptyPrograms[name])
  symlinkSync(join(checkoutRoot(), 'node_modules'), join(project, 'node_modules'))
  const { exitCode, errors } = await runEngine({
    engine,
    project,
    environment,
    arguments: ['stack', 'init', 'empty'],
  })
  if (exitCode !== 0) throw new Error(errors.join('\n'))
  return { name: `empty stack (${name})`, project, stack: 'empty' }
}
