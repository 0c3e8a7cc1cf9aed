import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Script } from 'node:vm'

/** Raised when bundles made by an older form of this file must not be used. */
const bundlerVersion = 9
const keptBuilds = 4
const keptMilliseconds = 60 * 60 * 1000

/** What no bundle holds: compilers, and what must be one instance with what the engine's language host loaded. */
const alwaysExternal = ['esbuild', 'typescript', 'vitest']
const sharedWithHost = ['@pulumi/pulumi']
const runsInHost = new Set(['program', 'cli/main'])

/** What `bin/tenantry.mjs` runs: scripts, whose compiled form can be kept (bin/run-bundle.mjs): of ES modules Node 20 keeps none. */
const scripts = new Set(['cli/main', 'cli/node-watcher-main'])

/** The program gets a part of `@pulumi/pulumi` instead of all of it. @type {import('esbuild').Plugin} */
const slimPulumi = {
  name: 'slim-pulumi',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@pulumi\/pulumi$/ }, () => ({ path: join(root, 'bin', 'pulumi-core.cjs') }))
    onResolve({ filter: /^@pulumi\/pulumi\/runtime$/ }, () => ({
      path: join(root, 'bin', 'pulumi-runtime.cjs'),
    }))
  },
}

/** What a module of ours exports, run as it is. @param {string} file @returns {Promise<Record<string, () => string>>} */
const exportsOf = async (file) => {
  const { build: esbuild } = await import('esbuild')
  const { outputFiles } = await esbuild({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(file).href) },
    logLevel: 'error',
  })
  const module = { exports: {} }
  const script = new Script(`(function (module, exports, require) {${outputFiles[0]?.text}\n})`)
  script.runInThisContext()(module, module.exports, createRequire(file))
  return module.exports
}

/** The schemas of compose files are compiled once, with the bundle, not at every start. @type {import('esbuild').Plugin} */
const compiledSchemas = {
  name: 'compiled-schemas',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]compose[\\/]compile-schemas\.ts$/ }, async ({ path }) => ({
      contents: (await exportsOf(path)).compiledModule?.(),
      loader: 'js',
      resolveDir: root,
    }))
  },
}

/** @param {string} folder @returns {string} */
const rootAbove = (folder) => {
  if (existsSync(join(folder, 'Pulumi.yaml'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('no Pulumi.yaml above the code that is running')
  return rootAbove(parent)
}

/** The checkout's folder, absolute. */
export const root = rootAbove(dirname(fileURLToPath(import.meta.url)))

const builds = join(root, '.tenantry', 'build')

/** @param {string} folder @param {import('node:crypto').Hash} hash */
const hashFolder = (folder, hash) => {
  const entries = readdirSync(folder, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) hashFolder(path, hash)
    else
      hash
        .update(`${path.slice(root.length)}\0`)
        .update(readFileSync(path))
        .update('\0')
  }
}

const sourcesDigest = () => {
  const hash = createHash('sha256').update(`bundle ${bundlerVersion} node ${process.versions.modules}\0`)
  hash.update(readFileSync(join(root, 'package-lock.json')))
  hashFolder(join(root, 'src'), hash)
  return hash.digest('hex').slice(0, 16)
}

/** @param {string} path */
const ageMilliseconds = (path) => Date.now() - statSync(path).mtimeMs

/** Builds that nobody made or used for an hour go, but the newest few. @param {string} current */
const prune = (current) => {
  const old = readdirSync(builds)
    .filter((name) => name !== current)
    .map((name) => ({ path: join(builds, name), age: ageMilliseconds(join(builds, name)) }))
    .sort((a, b) => a.age - b.age)
    .slice(keptBuilds)
    .filter(({ age }) => age > keptMilliseconds)
  for (const { path } of old) rmSync(path, { recursive: true, force: true })
}

/** esbuild leaves `require` of externals in ES modules; this gives them one. */
const requireBanner = [
  "import { createRequire as tenantryCreateRequire } from 'node:module'",
  "import { fileURLToPath as tenantryFileUrlToPath } from 'node:url'",
  'const require = tenantryCreateRequire(import.meta.url)',
  'const __filename = tenantryFileUrlToPath(import.meta.url)',
  "const __dirname = __filename.slice(0, __filename.lastIndexOf('/'))",
].join(';')

/** What a script has instead of `import.meta.url`; instead of `import()` it has `require`, since Node warns of a script’s imports. */
const scriptBanner = "const tenantryUrl = require('node:url').pathToFileURL(__filename).href;"

/** @param {string} entry @returns {import('esbuild').BuildOptions} */
const formOf = (entry) =>
  scripts.has(entry)
    ? {
        format: 'cjs',
        banner: { js: scriptBanner },
        define: { 'import.meta.url': 'tenantryUrl' },
        supported: { 'dynamic-import': false },
      }
    : { format: 'esm', banner: { js: requireBanner } }

/** @param {string} entry @param {string} target */
const build = async (entry, target) => {
  const { build: esbuild } = await import('esbuild')
  const temporary = `${target}.${process.pid}.${process.hrtime.bigint()}`
  await esbuild({
    entryPoints: [join(root, 'src', `${entry}.ts`)],
    outfile: join(temporary, basename(target)),
    absWorkingDir: root,
    bundle: true,
    ...formOf(entry),
    platform: 'node',
    target: 'node20',
    // The SDK asks for a stack at every resource, and the language host would map each: 0.1 s. So the program has no map
    // and stays readable instead.
    sourcemap: entry === 'program' ? 'external' : 'linked',
    sourcesContent: false,
    minifyWhitespace: entry !== 'program',
    mainFields: ['module', 'main'],
    external: [...alwaysExternal, ...(runsInHost.has(entry) ? sharedWithHost : [])],
    plugins: [compiledSchemas, ...(runsInHost.has(entry) ? [slimPulumi] : [])],
    logLevel: 'error',
  })
  for (const file of [`${basename(target)}.map`, basename(target)])
    renameSync(join(temporary, file), join(dirname(target), file))
  rmSync(temporary, { recursive: true, force: true })
}

/**
 * The path of a bundle of `src/<entry>.ts` that is as new as the sources; made unless it is there.
 *
 * One file: an ES module, or a script where its compiled form is kept. Put in place by a rename: processes that build at once do the same work twice, no more.
 * @param {string} entry e.g. `cli/main` or `src/cli/main.ts`
 * @returns {Promise<string>}
 */
export const ensureBundle = async (entry) => {
  const name = entry.replace(/^src\//, '').replace(/\.ts$/, '')
  const digest = sourcesDigest()
  const target = join(builds, digest, `${name}.${scripts.has(name) ? 'cjs' : 'mjs'}`)
  if (existsSync(target)) return target
  mkdirSync(dirname(target), { recursive: true })
  await build(name, target)
  utimesSync(join(builds, digest), new Date(), new Date())
  prune(digest)
  return target
}
