import { randomBytes } from 'node:crypto'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Secret } from '../core/secret.ts'

/** Where the lab of a checkout keeps its files: one folder that git ignores. */
export interface LabLayout {
  readonly folder: string
  /** What runs, once it is ready. */
  readonly record: string
  readonly connections: string
  /** Credentials, 0600 in a folder of 0700. */
  readonly secrets: string
  /** Pulumi's file back end; begins empty with every lab, as the systems do. */
  readonly state: string
  /** PULUMI_HOME; kept from lab to lab. */
  readonly pulumiHome: string
  readonly logs: string
  /** What running parts need: sockets, homes of processes. */
  readonly run: string
}

export const labLayout = (root: string): LabLayout => {
  const folder = join(root, '.tenantry', 'lab')
  return {
    folder,
    record: join(folder, 'lab.json'),
    connections: join(folder, 'connections.json'),
    secrets: join(folder, 'secrets'),
    state: join(folder, 'state'),
    pulumiHome: join(folder, 'pulumi-home'),
    logs: join(folder, 'logs'),
    run: join(folder, 'run'),
  }
}

/** Empty folders for what belongs to one lab alone; logs and plugins stay. */
export const prepareLayout = async (layout: LabLayout): Promise<void> => {
  for (const folder of [layout.secrets, layout.state, layout.run]) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true, mode: 0o700 })
  }
  for (const folder of [layout.pulumiHome, layout.logs]) await mkdir(folder, { recursive: true, mode: 0o700 })
}

/** Written whole or not at all, readable by its owner only. */
export const writePrivate = async (file: string, text: string): Promise<void> => {
  const temporary = `${file}.${process.pid}.new`
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeFile(temporary, text, { mode: 0o600 })
  // An existing file's mode would win over the one given.
  await chmod(temporary, 0o600)
  await rename(temporary, file)
}

/** 24 random characters without signs that shells or URLs mind. */
export const randomPassword = (): Secret => new Secret(randomBytes(18).toString('base64url'))
