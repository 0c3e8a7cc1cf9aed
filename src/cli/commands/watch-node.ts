import { hostname } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Listen } from '../../watch/serve-status.ts'
import type { CommandContext } from '../command-context.ts'
import { type WatchNodeOptions, watchNode } from '../watch-node.ts'

/** `127.0.0.1:9847`, `[::1]:9847`, `:9847` on loopback. */
export const listenOf = (text: string): Listen => {
  const [, host = '', digits = ''] = /^(.*):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits || Number.NaN)
  if (!(port <= 65_535)) throw new InvalidArgumentError('Give a host and a port, e.g. 127.0.0.1:9847.')
  return { host: host === '' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1'), port }
}

const option = (flags: string, variable: string, description: string): Option =>
  new Option(flags, description).env(variable)

const nodeExamples = `
Every option can be given by its variable, as the shipped unit and service do (deploy/watch/).

Examples:
  $ tenantry watch node --cluster nonprod --username svc-watch-std --password-file /run/secrets/ucp
  $ curl http://127.0.0.1:9847/metrics`

/** `watch node`. */
export const watchNodeCommand = (context: CommandContext): Command =>
  new Command('node')
    .description(
      'Watch the host this runs on: pause its node while it is overloaded, make it active again after. Runs until it is stopped.',
    )
    .addOption(
      option(
        '--cluster <name>',
        'TENANTRY_CLUSTER',
        'the cluster, whose file says when',
      ).makeOptionMandatory(),
    )
    .addOption(
      option(
        '--username <name>',
        'TENANTRY_UCP_USERNAME',
        'account in UCP that may see and update the node',
      ).makeOptionMandatory(),
    )
    .addOption(
      option(
        '--password-file <file>',
        'TENANTRY_UCP_PASSWORD_FILE',
        'file with its password, read at every login',
      ).makeOptionMandatory(),
    )
    .addOption(
      option(
        '--ca-file <file>',
        'TENANTRY_UCP_CA_FILE',
        'authority of UCP’s certificate; the system’s where absent',
      ),
    )
    .addOption(
      option(
        '--endpoint <url>',
        'TENANTRY_UCP_ENDPOINT',
        'where UCP answers; as the cluster file says where absent',
      ),
    )
    .addOption(
      option('--node <name>', 'TENANTRY_NODE', 'the node, by host name or id').default(
        hostname(),
        'this host’s name',
      ),
    )
    .addOption(
      option('--listen <host:port>', 'TENANTRY_LISTEN', 'where /metrics and /health are served')
        .default({ host: '127.0.0.1', port: 9847 }, '127.0.0.1:9847')
        .argParser(listenOf),
    )
    .addOption(option('--proc <folder>', 'TENANTRY_PROC', 'the host’s /proc').default('/proc'))
    .addOption(
      option('--cgroup-root <folder>', 'TENANTRY_CGROUP_ROOT', 'the host’s cgroups').default(
        '/sys/fs/cgroup',
      ),
    )
    .addOption(
      option(
        '--cgroup <path>',
        'TENANTRY_CGROUP',
        'the cgroup that is the host, where it shares its kernel with others; all of the kernel where absent',
      ),
    )
    .addOption(
      option(
        '--resume-at-end',
        'TENANTRY_RESUME_AT_END',
        'make a paused node active when stopped: for a swarm service, whose task Docker does not start anew on a paused node',
      ),
    )
    .addHelpText('after', nodeExamples)
    .action((options: WatchNodeOptions) => watchNode(context, options))
