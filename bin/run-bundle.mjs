import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { Script } from 'node:vm'

const digestBytes = 32

/** A run that took less has compiled too little for its compiled form to be worth keeping. */
const worthwhileMicroseconds = 800_000

/** @param {Buffer} data */
const digestOf = (data) => createHash('sha256').update(data).digest()

/** What was kept, where it is whole: V8 looks at nothing but its length. @param {string} file @returns {Buffer | undefined} */
const read = (file) => {
  try {
    const bytes = readFileSync(file)
    const data = bytes.subarray(digestBytes)
    return digestOf(data).equals(bytes.subarray(0, digestBytes)) ? data : undefined
  } catch {
    return undefined
  }
}

/** Only what makes the next run faster: a failure is none. @param {string} file @param {Script} script */
const keep = (file, script) => {
  const own = `${file}.${process.pid}`
  try {
    const data = script.createCachedData()
    writeFileSync(own, Buffer.concat([digestOf(data), data]))
    renameSync(own, file)
  } catch {
    rmSync(own, { force: true })
  }
}

/**
 * Runs a script that `ensureBundle` made, in the form that an earlier run has compiled it to where that is kept: a fifth of the
 * CPU time of a command on a large fleet goes into compiling otherwise.
 * @param {string} path
 * @returns {{ exports: Record<string, unknown>, keep: () => void }} what it exports, and what is to be called at the end
 */
export const runBundle = (path) => {
  const kept = `${path}.compiled`
  const cachedData = read(kept)
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`,
    {
      filename: path,
      ...(cachedData === undefined ? {} : { cachedData }),
    },
  )
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path))
  const isKept = cachedData !== undefined && script.cachedDataRejected === false
  const isWorthwhile = () => process.cpuUsage().user > worthwhileMicroseconds
  return { exports: module.exports, keep: () => (isKept || !isWorthwhile() ? undefined : keep(kept, script)) }
}
