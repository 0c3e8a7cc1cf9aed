import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureEngine } from '../engine/engine.ts'
import type { Bundler } from '../lab/control.ts'
import { labUp } from '../lab/control.ts'
import type { DockerChoice } from '../lab/lab-docker.ts'
import type { LabRecord } from '../lab/lab-record.ts'
import type { Fleet } from '../load/fleet.ts'
import type { CommandContext } from './command-context.ts'
import { tryVcsim } from './real-parts.ts'

/** The bundler of this checkout, which is plain JavaScript and stands outside of every bundle. */
export const bundlerOf = async ({ bundle, project }: CommandContext): Promise<Bundler> => {
  if (bundle !== undefined) return bundle
  const module = (await import(pathToFileURL(join(project, 'bin', 'bundle.mjs')).href)) as {
    ensureBundle: Bundler
  }
  return module.ensureBundle
}

/** Which parts of the lab are to be real. */
export interface LabParts {
  readonly real: boolean
  readonly docker: DockerChoice
}

/** Starts the lab for the clusters of a fleet, with the engine and the real parts that can be had. */
export const startLabFor = async (
  context: CommandContext,
  fleet: Fleet,
  options: LabParts,
): Promise<LabRecord> => {
  const { project, terminal } = context
  const engine = await ensureEngine({ report: terminal.note })
  if (options.real) await tryVcsim(terminal.note)
  return labUp({
    root: project,
    clusters: fleet.clusters.map(({ value }) => value),
    bundle: await bundlerOf(context),
    // The table of parts says all of it again: where a person watches, these lines pass by.
    report: terminal.live ? terminal.status : terminal.note,
    engineFolder: engine.directory,
    real: options.real,
    docker: options.docker,
  })
}
