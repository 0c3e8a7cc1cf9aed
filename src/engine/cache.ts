import { homedir } from 'node:os'
import { join } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

const cacheRoot = (environment: Environment): string => {
  if (environment.TENANTRY_CACHE) return environment.TENANTRY_CACHE
  return join(environment.XDG_CACHE_HOME || join(environment.HOME ?? homedir(), '.cache'), 'tenantry')
}

/** Where builds of a tool are kept, outside every checkout: `<cache>/<tool>/<version>`. Pure. */
export const cacheFolder = (tool: string, version: string, environment: Environment = process.env): string =>
  join(cacheRoot(environment), tool, version)
