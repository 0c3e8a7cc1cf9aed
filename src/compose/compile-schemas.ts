import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'

/** A schema without draft 4's `id`s, which later drafts refuse; nothing refers to one. */
const schemaOf = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`./schema/${name}`, import.meta.url), 'utf8'), (key, value: unknown) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  )

const duration = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w))+$|^0$/

/** `verbose`: what is told of an unknown field names those that there are. `source`: the code can be kept. */
const ajvOptions = {
  allErrors: true,
  strict: false,
  validateFormats: true,
  verbose: true,
  code: { source: true },
} as const

interface Compiled {
  readonly ajv: Ajv | Ajv2020
  readonly validate: ValidateFunction
}

const compileInput = (): Compiled => {
  const ajv = new Ajv2020({ ...ajvOptions, formats: { duration } })
  return { ajv, validate: ajv.compile(schemaOf('compose-spec.json')) }
}

/** The schema says draft 4; what it uses of it means the same in draft 7. */
const compileOutput = (): Compiled => {
  const ajv = new Ajv({ ...ajvOptions, formats: { duration, ports: true, expose: true } })
  const { $schema: _draft, ...schema } = schemaOf('config_schema_v3.13.json')
  return { ajv, validate: ajv.compile(schema) }
}

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** The Compose specification's schema. Source: `schema/README.md`. */
export const inputSchema: () => ValidateFunction = once(() => compileInput().validate)

/** The schema that `docker stack deploy` checks with. Source: likewise. */
export const outputSchema: () => ValidateFunction = once(() => compileOutput().validate)

const codeOf = ({ ajv, validate }: Compiled): string =>
  `once(() => { const module = { exports: {} }; let exports = module.exports;
${standalone.default(ajv, validate)}
return module.exports })`

/**
 * The code of a module that has `inputSchema` and `outputSchema` compiled already, for bundles to hold instead of this one: compiling
 * takes 0.3 s, and a bundle has no schemas beside it (bin/bundle.mjs). Throws where a schema cannot be read.
 *
 * @public bundling calls it by its name.
 */
export const compiledModule =
  (): string => `const once = (make) => { let made; return () => (made ??= make()) }
export const inputSchema = ${codeOf(compileInput())}
export const outputSchema = ${codeOf(compileOutput())}
`
