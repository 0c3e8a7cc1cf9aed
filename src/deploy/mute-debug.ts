import { createRequire } from 'node:module'

type SdkLog = Record<'debug', () => Promise<void>>

/**
 * Keeps the SDK from telling the engine about each of its calls. It tells what was sent and what came back in clear, secrets
 * too, and the engine prints that with `--debug` or in its log. Nobody else needs it, and each line is a call of its own.
 * Source: `log.debug` in `runtime/{invoke,resource}.js` of 3.245.0.
 */
export const muteDebug = (): void => {
  const log = createRequire(import.meta.url)('@pulumi/pulumi/log') as SdkLog
  log.debug = () => Promise.resolve()
}
