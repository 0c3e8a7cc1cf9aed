import type { Cluster } from '../cluster/schema.ts'
import { clusterWatchSettings, nodeWatchSettings } from '../cluster/watch-settings.ts'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'

type Field = readonly ['node' | 'cluster', string]

const issue = (file: Loaded<Cluster>, field: Field, message: string, hint: string): Issue => ({
  code: 'cluster/watch',
  message,
  source: file.locate(['watch', ...field]),
  hint,
})

const checkSamples = (file: Loaded<Cluster>): Issue[] => {
  const { sampleSeconds, staleSeconds } = nodeWatchSettings(file.value)
  if (staleSeconds >= 2 * sampleSeconds) return []
  const message = `A sample is stale after ${staleSeconds} s, and there is one every ${sampleSeconds} s.`
  return [issue(file, ['node', 'staleSeconds'], message, 'Let one sample be late: twice as long at least.')]
}

const checkPausedShare = (file: Loaded<Cluster>): Issue[] => {
  const { maxPausedPercent } = nodeWatchSettings(file.value)
  const { pausedPercent } = file.value.thresholds.cluster
  if (file.value.watch?.node?.maxPausedPercent === undefined || maxPausedPercent > pausedPercent) return []
  const message = `At most ${maxPausedPercent} % of a pool are paused, and the cluster grows above ${pausedPercent} %: it never would.`
  const hint = 'Raise it above `thresholds.cluster.pausedPercent`, or lower that.'
  return [issue(file, ['node', 'maxPausedPercent'], message, hint)]
}

const checkGrace = (file: Loaded<Cluster>): Issue[] => {
  const { joinSeconds, graceSeconds } = clusterWatchSettings(file.value)
  if (graceSeconds > joinSeconds) return []
  const message = `A VM without a node is removed after ${graceSeconds} s, and may take ${joinSeconds} s to join.`
  const hint = 'Make `graceSeconds` longer than `joinSeconds`, or VMs go before they are there.'
  return [issue(file, ['cluster', 'graceSeconds'], message, hint)]
}

const checkMargin = (file: Loaded<Cluster>): Issue[] => {
  const { shrinkMarginPercent } = clusterWatchSettings(file.value)
  const { loadPercent, memoryPercent } = file.value.thresholds.cluster
  const lowest = Math.min(loadPercent, memoryPercent)
  if (shrinkMarginPercent < lowest) return []
  const message = `A pool shrinks ${shrinkMarginPercent} points below ${lowest} %: it never would.`
  return [issue(file, ['cluster', 'shrinkMarginPercent'], message, 'Make it smaller than the thresholds.')]
}

const checkAccounts = (file: Loaded<Cluster>): Issue[] => {
  const accounts = Object.entries(file.value.watch?.node?.accounts ?? {})
  return accounts
    .filter(([, account], index) => accounts.findIndex(([, other]) => other === account) < index)
    .map(([offer, account]) => ({
      code: 'cluster/watch',
      message: `The account '${account}' watches the nodes of two offers.`,
      source: file.locate(['watch', 'node', 'accounts', offer]),
      hint: 'Give each offer’s watchers an account of their own: its password lies on every node of the offer.',
    }))
}

/** Waits and limits of the watchers that would take each other's effect away. Issue code: `cluster/watch`. Never throws. */
export const checkWatch = (file: Loaded<Cluster>): Issue[] =>
  [checkSamples, checkPausedShare, checkAccounts, checkGrace, checkMargin].flatMap((check) => check(file))
