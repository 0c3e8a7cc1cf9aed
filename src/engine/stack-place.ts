import { join } from 'node:path'

/** Where a stack of a file back end is. */
export interface StackPlace {
  /** Of the back end. */
  readonly folder: string
  /** Name of the Pulumi project. */
  readonly project: string
  readonly stack: string
}

/** How the engine names the state of a stack, by how it is packed. Source: `stackPath` of pkg/v3/backend/diy/state.go, 3.245.0. */
export const stateNames = (stack: string): readonly string[] =>
  ['.json', '.json.gz', '.json.zst'].map((extension) => `${stack}${extension}`)

/** The folder of a project's states. */
export const statesOf = ({ folder, project }: StackPlace): string =>
  join(folder, '.pulumi', 'stacks', project)

/** The folders that the engine keeps a stack's past in, below the back end's. */
export const pastsOf = ({ project, stack }: StackPlace): readonly string[] =>
  ['history', 'backups'].map((kind) => join('.pulumi', kind, project, stack))

/** Whether a file beside the state is this stack's: the state, its backup, its attributes, its tags. Pure. */
export const isOfStack = (stack: string, name: string): boolean =>
  name === `${stack}.json` || name.startsWith(`${stack}.json.`) || name.startsWith(`${stack}.pulumi-tags`)
