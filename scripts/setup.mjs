// Plain JavaScript: runs before anything is installed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What a child must hear of, so that it can stop what it started; we end when it does. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Runs a program in the checkout with our terminal; resolves to its exit code. */
export const run = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    const forward = (signal) => child.kill(signal)
    for (const signal of endingSignals) process.on(signal, forward)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      for (const signal of endingSignals) process.off(signal, forward)
      resolve(signal === null ? (code ?? 1) : 1)
    })
  })

const checkNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 12)) return
  console.error(`Tenantry needs Node 20.12 or later; this is ${process.versions.node}.`)
  process.exit(2)
}

/** Installs the packages of the lock file unless exactly those are there. */
export const ensureInstalled = async () => {
  checkNode()
  const digest = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const mark = join(root, 'node_modules', '.tenantry-lock')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === digest) return
  console.log('Installing the npm packages of the lock file (once, about a minute) …')
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  if (code !== 0) {
    console.error('npm ci failed. Check that the npm registry can be reached and run the command again.')
    process.exit(code)
  }
  mkdirSync(dirname(mark), { recursive: true })
  writeFileSync(mark, digest)
}
