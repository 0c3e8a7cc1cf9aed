import * as z from 'zod'
import { accountName } from '../core/fields.ts'

const seconds = (least: number, most: number) => z.int().min(least).max(most).optional()
const count = (least: number, most: number) => z.int().min(least).max(most).optional()
const percent = (least: number, most: number) => z.number().min(least).max(most).optional()

const NodeWatch = z
  .strictObject({
    sampleSeconds: seconds(1, 300).describe(
      'How often a node is sampled: twelve samples stand behind a minute, and more would cost the node what it is to be spared; 5 where absent.',
    ),
    breachSeconds: seconds(1, 3600).describe(
      'How long a node is above a threshold without a break before it is paused: a start of a JVM is over by then, an overload is not; 60 where absent.',
    ),
    calmSeconds: seconds(1, 7200).describe(
      'How long a paused node is below both thresholds without a break before it is active again: twice as long as the breach, since a node that comes back too early is paused again with more on it; 120 where absent.',
    ),
    staleSeconds: seconds(2, 3600).describe(
      'A sample that is older says nothing of the node any more, and a gap as long begins every window anew: six samples lost in a row, where the others are the default; 30 where absent.',
    ),
    maxPausedPercent: percent(1, 100).describe(
      'At most so much of a pool is paused or drained at once, whoever did it: pausing the rest as well would stop every deployment, and what is needed then is more nodes. More than `thresholds.cluster.pausedPercent`, which grows the pool and would never be reached otherwise; 5 points above that where absent.',
    ),
    accounts: z
      .partialRecord(z.enum(['run/std', 'run/edge', 'build/std']), accountName)
      .optional()
      .describe(
        'Accounts of UCP that the node watchers log in with, one an offer, so that what one host holds reaches no other offer’s nodes: each may see and update the nodes of its offer, and nothing else; none where absent.',
      ),
  })
  .describe('When a node watcher looks, and how long it waits.')

const ClusterWatch = z
  .strictObject({
    tickSeconds: seconds(5, 3600).describe(
      'How often the cluster is looked at: half of the minute in which a VM is to be asked for; 30 where absent.',
    ),
    growAfterSeconds: seconds(0, 7200).describe(
      'How long a pool is above a threshold before it grows; tasks that cannot be placed do not wait. Twice what pauses a node, so that pausing is tried first; 120 where absent.',
    ),
    shrinkAfterSeconds: seconds(60, 86_400).describe(
      'How long a pool could do with a node less before one is drained: a short dip takes no node, and a night takes one every half hour; 1800 where absent.',
    ),
    cooldownSeconds: seconds(0, 86_400).describe(
      'How long a pool is left alone after it changed: until its new nodes carry their part and the averages show it; 600 where absent.',
    ),
    shrinkMarginPercent: percent(0, 50).describe(
      'So far below the thresholds, in points, the nodes that remain would have to be: it covers the rhythm of a day and keeps a pool from growing right after; 10 where absent.',
    ),
    maxStep: count(1, 100).describe(
      'Most VMs that one step adds to a pool: a wrong figure costs no more than this until somebody looks, and a datastore clones so many at once without harm; 3 where absent.',
    ),
    joinSeconds: seconds(60, 7200).describe(
      'How long a VM may take from its clone until its node is in the swarm: twice what a clone and a first boot take on a busy datastore; 900 where absent.',
    ),
    drainSeconds: seconds(30, 7200).describe(
      'How long the tasks of a node that is taken out may take to leave it, before it is given back: services that stop at their own pace are through by then; 600 where absent.',
    ),
    graceSeconds: seconds(60, 86_400).describe(
      'How long a VM without a node, or a node without a VM, is left before it is removed: longer than joining takes, so that nothing under way is taken; 1800 where absent.',
    ),
    unusablePercent: percent(1, 100).describe(
      'Above this share of a pool without use nothing is changed any more and a person is called: more than two in five do not fail by themselves, the ground below them does; 45 where absent.',
    ),
  })
  .describe('When the cluster watcher grows and shrinks a pool, and how far.')

/** How the watchers go about their work; the thresholds themselves stand beside it. */
export const Watch = z
  .strictObject({
    node: NodeWatch.optional().describe('The node watcher; the defaults where absent.'),
    cluster: ClusterWatch.optional().describe('The cluster watcher; the defaults where absent.'),
  })
  .describe('How long the watchers wait, and how far they go.')
export type Watch = z.infer<typeof Watch>
