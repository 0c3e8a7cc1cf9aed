import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { Environment } from './cache.ts'

/** As much as is needed of what `pulumi login` writes. Source: `Credentials` of sdk/go/common/workspace, 3.245.0. */
const Credentials = z.looseObject({ current: z.string().optional() })

/** The back end that a plain `pulumi` works with: as the environment says, else as the last login left it; undefined where neither does. Never throws. */
export const currentBackEnd = ({ PULUMI_BACKEND_URL, PULUMI_HOME }: Environment): string | undefined => {
  if (PULUMI_BACKEND_URL !== undefined && PULUMI_BACKEND_URL !== '') return PULUMI_BACKEND_URL
  try {
    const file = join(PULUMI_HOME || join(homedir(), '.pulumi'), 'credentials.json')
    return Credentials.parse(JSON.parse(readFileSync(file, 'utf8'))).current
  } catch {
    return undefined
  }
}
