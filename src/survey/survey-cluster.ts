import { isFault } from '../core/fault.ts'
import type { Connected } from '../deploy/connected.ts'
import type { StackState } from '../model/desired-state.ts'
import type { LiveThing } from '../plan/unowned.ts'
import { dockerThings } from './docker-things.ts'
import { registryThings } from './registry-things.ts'
import { type Systems, withSystems } from './systems.ts'
import { ucpThings } from './ucp-things.ts'
import { vaultThings } from './vault-things.ts'
import { machineFolders, vcenterThings } from './vcenter-things.ts'

export interface ClusterSurvey {
  readonly cluster: string
  readonly connected: Connected
  /** What the cluster's stacks hold or should hold. */
  readonly states: readonly StackState[]
}

/** A system that could not be looked at, and why. */
export interface BlindSpot {
  readonly cluster: string
  readonly system: 'Docker' | 'UCP' | 'the registry' | 'Vault' | 'vCenter'
  readonly reason: string
  readonly hint: string | undefined
}

/** What was found on a cluster. */
export interface SurveyedCluster {
  readonly cluster: string
  readonly things: readonly LiveThing[]
  readonly blindSpots: readonly BlindSpot[]
}

type Look = readonly [BlindSpot['system'], () => Promise<readonly LiveThing[]>]

const looksOf = (systems: Systems, { connected, states }: ClusterSurvey): readonly Look[] => {
  const organizations = [...new Set(states.flatMap(({ organization }) => organization ?? []))].sort()
  const folders = machineFolders(states)
  const hasVault = states.some(({ resources }) => resources.some(({ kind }) => kind === 'VaultMount'))
  return [
    ['Docker', async () => dockerThings(systems.docker())],
    ['UCP', async () => ucpThings({ ucp: systems.ucp(), organizations, account: connected.ucp().username })],
    ['the registry', async () => registryThings(systems.registry(), organizations)],
    ...(hasVault ? [['Vault', async () => vaultThings(systems.vault())] as const] : []),
    ...(folders.length === 0
      ? []
      : [['vCenter', async () => vcenterThings(systems.vsphere(), folders)] as const]),
  ]
}

/**
 * Looks at everything on a cluster that the platform's account may see and that a stack could hold. Changes nothing.
 *
 * A system that cannot be read is a blind spot, and no reason to see nothing of the others. Rejects for bugs only.
 */
export const surveyCluster = (survey: ClusterSurvey): Promise<SurveyedCluster> =>
  withSystems(survey.connected, async (systems) => {
    const things: LiveThing[] = []
    const blindSpots: BlindSpot[] = []
    const { cluster } = survey
    const look = async ([system, read]: Look): Promise<void> => {
      try {
        things.push(...(await read()))
      } catch (error) {
        if (!isFault(error)) throw error
        blindSpots.push({ cluster, system, reason: error.message, hint: error.details.hint })
      }
    }
    await Promise.all(looksOf(systems, survey).map(look))
    return { cluster, things, blindSpots }
  })
