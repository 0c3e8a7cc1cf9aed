import { fstatSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js'
import { setChangeGate } from '../clients/change-gate.ts'
import { type LeaseReference, leaseVariable, parseLease } from '../core/lease-reference.ts'
import { engineLog } from './engine-log.ts'
import { leaseGuard } from './lease-guard.ts'
import type { Plugin } from './plugin.ts'
import { providerService } from './service.ts'

/** A plugin that answers on loopback. */
export interface RunningPlugin {
  readonly port: number
  /** Aborts what is under way, lets the calls answer, then closes. Idempotent. */
  readonly stop: () => Promise<void>
}

export interface PluginOptions {
  /** `host:port` of the engine, for its log; none in tests. */
  readonly engineAddress?: string
  /** The lease that the run works under; none under a plain `pulumi`. */
  readonly lease?: LeaseReference
  /** Called after a Cancel of the engine was answered. */
  readonly onCancel?: () => void
}

// A schema or a large state goes beyond gRPC's 4 MiB; the engine itself allows 400 MiB (rpcutil of 3.245.0).
const largestMessageBytes = 400 * 1024 * 1024
/** How long calls may take to answer after a cancel before the plugin goes. */
const graceMilliseconds = 10_000
/**
 * How much a function runs before V8 compiles it for speed: thirty times V8's own figure. Most runs last a second or two,
 * and spend a third of a plugin's CPU time on compiling what ends before it pays back (measured); see bin/short-run.mjs.
 */
const interruptBudget = 2_000_000
/** How often the plugin looks whether the process that started it is still there. */
const watchMilliseconds = 2_000

/** Serves a plugin on 127.0.0.1, on a port that is free. */
export const startPlugin = async <Client>(
  plugin: Plugin<Client>,
  options: PluginOptions = {},
): Promise<RunningPlugin> => {
  const log = engineLog(options.engineAddress)
  const lease = leaseGuard(options.lease)
  const service = providerService(plugin, {
    log,
    lease,
    ...(options.onCancel === undefined ? {} : { onCancel: options.onCancel }),
  })
  const server = new Server({
    'grpc.max_receive_message_length': largestMessageBytes,
    'grpc.max_send_message_length': largestMessageBytes,
    // Statistics of every call, that nobody asks for.
    'grpc.enable_channelz': 0,
  })
  server.addService(providerGrpc.ResourceProviderService, service.implementation)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  // What is under way was begun under the lease, and may not go on without it.
  const watch = lease.watch(() => service.cancel())
  let stopped: Promise<void> | undefined
  const shutDown = () =>
    new Promise<void>((resolve) => {
      watch.stop()
      service.cancel()
      const force = setTimeout(() => server.forceShutdown(), graceMilliseconds)
      server.tryShutdown(() => {
        clearTimeout(force)
        log.close()
        resolve()
      })
    })
  return {
    port,
    stop: () => {
      stopped ??= shutDown()
      return stopped
    },
  }
}

const isPipe = (descriptor: number): boolean => {
  try {
    const kind = fstatSync(descriptor)
    return kind.isFIFO() || kind.isSocket()
  } catch {
    return false // Closed by whoever started us.
  }
}

/** Calls `gone` once the process that started this one has ended: its pipe to us closes, or we get another parent. */
const watchParent = (gone: () => void): void => {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) gone()
  }, watchMilliseconds).unref()
  if (!isPipe(0)) return
  process.stdin.on('end', gone).on('error', gone).resume()
  process.stdin.unref()
}

/** The engine's address among a plugin's arguments: the first that is no flag and no flag's value. */
export const engineAddressOf = (args: readonly string[]): string | undefined =>
  args.find((arg, index) => !arg.startsWith('-') && !/^--?tracing$/.test(args[index - 1] ?? ''))

/**
 * The whole life of a plugin's process: serves, prints the port on standard output as the engine expects, and ends on
 * Cancel, SIGTERM, SIGINT or the engine's death.
 */
export const servePlugin = async <Client>(plugin: Plugin<Client>): Promise<void> => {
  setFlagsFromString(`--interrupt-budget=${interruptBudget}`)
  const engineAddress = engineAddressOf(process.argv.slice(2))
  const lease = parseLease(process.env[leaseVariable])
  if (lease !== undefined) setChangeGate(leaseGuard(lease))
  const end = async () => {
    await running.stop()
    process.exit(0)
  }
  const running = await startPlugin(plugin, {
    ...(engineAddress === undefined ? {} : { engineAddress }),
    ...(lease === undefined ? {} : { lease }),
    onCancel: () => setImmediate(end),
  })
  process.once('SIGTERM', end)
  // The terminal sends it to the whole group: the engine decides, and tells us with Cancel or by ending.
  process.on('SIGINT', () => {})
  watchParent(() => process.exit(0))
  process.stdout.write(`${running.port}\n`)
}
