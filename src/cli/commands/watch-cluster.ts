import { Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { type WatchClusterOptions, watchCluster } from '../watch-cluster.ts'
import { listenOf } from './watch-node.ts'

const portOf = (text: string): number => {
  const port = Number(text)
  if (!(Number.isInteger(port) && port > 0 && port <= 65_535))
    throw new InvalidArgumentError('Give a port, 1 to 65535.')
  return port
}

const clusterExamples = `
It works on the stacks as \`tenantry up\` does: with PULUMI_BACKEND_URL and TENANTRY_CONNECTIONS of the environment, else on this
checkout's lab. Of several that run for a cluster, one leads and the others wait.

Examples:
  $ tenantry watch cluster --cluster nonprod
  $ curl http://127.0.0.1:9848/metrics`

/** `watch cluster`. */
export const watchClusterCommand = (context: CommandContext): Command =>
  new Command('cluster')
    .description(
      'Watch the pools of a cluster: make VMs while they lack, take them away while they idle. Runs until it is stopped.',
    )
    .addOption(
      new Option('--cluster <name>', 'the cluster, whose file says when')
        .env('TENANTRY_CLUSTER')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--listen <host:port>', 'where /metrics and /health are served')
        .env('TENANTRY_LISTEN')
        .default({ host: '127.0.0.1', port: 9848 }, '127.0.0.1:9848')
        .argParser(listenOf),
    )
    .addOption(
      new Option('--node-port <port>', 'where the node watchers listen on their nodes')
        .env('TENANTRY_NODE_PORT')
        .default(9847)
        .argParser(portOf),
    )
    .addHelpText('after', clusterExamples)
    .action((options: WatchClusterOptions) => watchCluster(context, options))
