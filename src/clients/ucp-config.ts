import { parse, stringify } from 'smol-toml'
import { Fault, isFault } from '../core/fault.ts'
import type { Ucp } from './ucp.ts'

/** Which images a cluster runs; a part that the configuration does not say is undefined. */
export interface TrustConfiguration {
  readonly required: boolean | undefined
  /** Teams as `organization/team`, sorted. */
  readonly signers: readonly string[] | undefined
}

type Table = ReturnType<typeof parse>

const path = '/api/ucp/config-toml'
const tableKey = 'trust_configuration'
const requiredKey = 'require_content_trust'
const signersKey = 'require_signature_from'
// A write replaces the whole file and takes time to settle (reference §9.1).
const attempts = 5
const waitMilliseconds = 500

// Big integers and floats come back as they were: a lost digit would be a setting changed.
const parseToml = (text: string): Table => parse(text, { integersAsBigInt: true }) as Table

const isTable = (value: unknown): value is Table =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)

const readText = async (ucp: Ucp): Promise<string> =>
  (await ucp.send({ method: 'GET', path, headers: { accept: 'application/toml' } })).text

const readTable = async (ucp: Ucp): Promise<Table> => {
  const text = await readText(ucp)
  try {
    return parseToml(text)
  } catch (cause) {
    throw new Fault('protocol', `UCP at ${ucp.endpoint} answered GET ${path} with text that is not TOML.`, {
      cause,
      details: { endpoint: ucp.endpoint, call: `GET ${path}` },
    })
  }
}

const trustIn = (file: Table): TrustConfiguration => {
  const table = file[tableKey]
  if (!isTable(table)) return { required: undefined, signers: undefined }
  const required = table[requiredKey]
  const signers = table[signersKey]
  return {
    required: typeof required === 'boolean' ? required : undefined,
    signers: Array.isArray(signers)
      ? signers.filter((one): one is string => typeof one === 'string').sort()
      : undefined,
  }
}

const withTrust = (file: Table, { required, signers }: TrustConfiguration): Table => {
  const {
    [requiredKey]: _required,
    [signersKey]: _signers,
    ...rest
  } = isTable(file[tableKey]) ? file[tableKey] : {}
  return {
    ...file,
    [tableKey]: {
      ...rest,
      ...(required === undefined ? {} : { [requiredKey]: required }),
      ...(signers === undefined ? {} : { [signersKey]: [...signers].sort() }),
    },
  }
}

// Absent means the default: nothing required, nobody named.
const isSame = (a: TrustConfiguration, b: TrustConfiguration): boolean =>
  (a.required ?? false) === (b.required ?? false) &&
  (a.signers ?? []).join() === [...(b.signers ?? [])].sort().join()

/** Which images the cluster runs. Administrators only. */
export const readTrust = async (ucp: Ucp): Promise<TrustConfiguration> => trustIn(await readTable(ucp))

/**
 * Reads the configuration file, changes what is said of trust and writes it back whole, until it is read back so.
 * @throws {Fault} `conflict` where somebody keeps writing another.
 */
export const writeTrust = async (
  ucp: Ucp,
  wanted: TrustConfiguration,
  signal: AbortSignal,
): Promise<TrustConfiguration> => {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const file = await readTable(ucp)
    if (isSame(trustIn(file), wanted)) return trustIn(file)
    await putFile(ucp, withTrust(file, wanted))
    const now = trustIn(await readTable(ucp))
    if (isSame(now, wanted)) return now
    await ucp.clock.wait(waitMilliseconds * attempt, signal)
  }
  throw new Fault(
    'conflict',
    `The content trust settings of UCP at ${ucp.endpoint} do not stay as written.`,
    {
      details: {
        endpoint: ucp.endpoint,
        call: `PUT ${path}`,
        hint: 'Check whether another tool writes the configuration file of this cluster.',
      },
    },
  )
}

const putFile = async (ucp: Ucp, file: Table): Promise<void> => {
  try {
    await ucp.send({
      method: 'PUT',
      path,
      headers: { 'content-type': 'application/toml' },
      body: stringify(file, { numbersAsFloat: true }),
    })
  } catch (error) {
    // Whoever wrote at the same moment is read on the next turn.
    if (!isFault(error, 'out-of-sequence')) throw error
  }
}
