// Installs or builds the real parts by name (all where none is named): the engine, vcsim, Vault, the reference parser of compose files, and on Debian as root the
// packages of Docker Engine, of the registry and of ClamAV's daemon. Idempotent and cached. CI names what must be there in TENANTRY_REQUIRE_REAL; what is not named
// there and cannot be had on this machine is skipped with a line.
import { isFault } from '../src/core/fault.ts'
import { ensureEngine } from '../src/engine/engine.ts'
import { installDockerd } from '../src/lab/docker/install-dockerd.ts'
import { installServer, packagedClamd, packagedRegistry } from '../src/lab/image/install-part.ts'
import { buildVault } from '../src/lab/vault/real-vault.ts'
import { buildVcsim } from '../src/lab/vcenter/vcsim.ts'
import { buildComposeReference } from './compose-reference.ts'

const report = (line: string): void => console.log(line)

const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  engine: () => ensureEngine({ report }),
  vcsim: () => buildVcsim(report),
  vault: () => buildVault(report),
  'compose-reference': () => buildComposeReference(report),
  docker: async () => {
    const { version, programs } = await installDockerd(report)
    report(`docker: ${programs.dockerd} ${version}`)
  },
  registry: async () => report(`registry: ${await installServer(packagedRegistry, report)}`),
  clamd: async () => report(`clamd: ${await installServer(packagedClamd, report)}`),
}

/** Come from Debian's packages: only root on Debian can have them. */
const packaged = ['docker', 'registry', 'clamd']

const required = (process.env.TENANTRY_REQUIRE_REAL ?? '').split(',')
const asked = process.argv.slice(2)
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  try {
    await parts[name]?.()
  } catch (error) {
    const isAskedFor = packaged.includes(name) ? asked.includes(name) : asked.length === 0
    const dispensable = name !== 'engine' && !isAskedFor && !required.includes(name)
    const reason = error instanceof Error ? error.message : String(error)
    console.log(`${dispensable ? 'skipped' : 'FAILED'}: ${name}: ${reason}`)
    if (isFault(error) && error.details.hint !== undefined) console.log(`  ${error.details.hint}`)
    if (!dispensable) process.exitCode = 1
  }
}
