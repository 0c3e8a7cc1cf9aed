import { readFile } from 'node:fs/promises'
import type { Issue } from '../../core/issue.ts'
import { Secret } from '../../core/secret.ts'
import type { CiPlace } from '../../forge/ci-place.ts'
import { findPlace } from '../../forge/find-place.ts'
import type { CommandContext } from '../command-context.ts'
import { reportIssues } from '../load-or-report.ts'
import { freshArtifacts } from './artifacts.ts'
import { type CiTerminal, ciTerminal } from './ci-terminal.ts'

/** One run of `tenantry ci`. */
export interface CiSession {
  readonly place: CiPlace
  /** With the job's log for a terminal; issues that it is told of are in `issues` too. */
  readonly context: CommandContext & { readonly terminal: CiTerminal }
  /** What may write below the pull request; undefined where nothing was given or nothing may be used. */
  readonly token: Secret | undefined
  /** What the job was given as secrets: none of it is in what the job hands on. */
  readonly secrets: readonly Secret[]
  /** Where its artifacts go, absolute. */
  readonly folder: string
  /** Every issue that was reported so far. */
  readonly issues: readonly Issue[]
}

/** Whether a variable may hold a secret of the forge's or the platform's, or lead to one. */
const isSensitive = (name: string): boolean =>
  /^(?:PULUMI_|VAULT_|AWS_|AZURE_|GOOGLE_|TENANTRY_(?:CONNECTIONS|PLAN_KEY|SECRETS_PROVIDER))/.test(name)

const forgeTokens = ['TENANTRY_FORGE_TOKEN', 'GITHUB_TOKEN'] as const

/** Taken out of the environment: no program that this one starts is to have it. */
const takeToken = (environment: NodeJS.ProcessEnv): Secret | undefined => {
  const [token] = forgeTokens.map((name) => environment[name]).filter((text) => text)
  for (const name of forgeTokens) delete environment[name]
  return token === undefined ? undefined : new Secret(token)
}

/** Variables whose value is itself a secret, rather than the name of a file with one. */
const secretNames = [
  ...forgeTokens,
  'TENANTRY_PLAN_KEY',
  'PULUMI_CONFIG_PASSPHRASE',
  'PULUMI_ACCESS_TOKEN',
  'VAULT_TOKEN',
] as const

const secretsIn = (environment: NodeJS.ProcessEnv): readonly Secret[] =>
  secretNames.flatMap((name) => {
    const text = environment[name]?.trim() ?? ''
    return text === '' ? [] : [new Secret(text)]
  })

/** Of a pull request that is not trusted nothing is left to misuse, whatever the runner was given. */
const dropSecrets = (environment: NodeJS.ProcessEnv): void => {
  for (const name of Object.keys(environment).filter(isSensitive)) delete environment[name]
}

/** The event that GitHub hands to a job; undefined where it cannot be read. */
const readEvent = async (path: string | undefined): Promise<unknown> => {
  if (path === undefined || path === '') return undefined
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch {
    return undefined // `findPlace` says what is missing.
  }
}

/**
 * Finds out where a job runs, and takes what it needs out of the environment: the forge's token always, everything that may be
 * a secret where the pull request is not trusted. Undefined after printing the issues and setting the exit code.
 *
 * @throws {UsageError} where a link stands in place of the artifacts' folder.
 */
export const openSession = async (
  outer: CommandContext,
  environment: NodeJS.ProcessEnv,
  plans: 'kept' | 'dropped',
): Promise<CiSession | undefined> => {
  const secrets = secretsIn(environment)
  const token = takeToken(environment)
  const place = findPlace(environment, await readEvent(environment.GITHUB_EVENT_PATH))
  if (!place.ok) {
    reportIssues(outer, place.issues, new Map(), false)
    return undefined
  }
  const isUntrusted = place.value.pullRequest?.untrusted !== undefined
  if (isUntrusted) dropSecrets(environment)
  const issues: Issue[] = []
  const terminal = ciTerminal(outer.terminal, place.value.forge, secrets)
  const context = {
    root: outer.root,
    project: outer.project,
    finish: outer.finish,
    terminal,
    tellIssues: (told: readonly Issue[]) => issues.push(...told),
  }
  const folder = await freshArtifacts(outer.root, plans)
  return { place: place.value, context, token: isUntrusted ? undefined : token, secrets, folder, issues }
}
