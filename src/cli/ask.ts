import * as prompts from '@clack/prompts'
import { Environment, JobRole, OfferName, SizeClass } from '../tenant/schema.ts'
import type { Answers } from './answers.ts'
import { UsageError } from './exit-code.ts'

/** The answer; `@throws {UsageError}` where the person cancels. */
const answered = <T>(value: T): Exclude<T, symbol> => {
  if (prompts.isCancel(value)) throw new UsageError('Cancelled; nothing was written.')
  return value as Exclude<T, symbol>
}

/** Why an answer is refused besides its form. */
type Refusal = (answer: string) => string | undefined

const accepted: Refusal = () => undefined

const text = async (
  message: string,
  placeholder: string,
  { valid, form, refusal = accepted }: { valid: RegExp; form: string; refusal?: Refusal },
): Promise<string> =>
  answered(
    await prompts.text({
      message,
      placeholder,
      validate: (value) => {
        const answer = (value ?? '').trim()
        return valid.test(answer) ? refusal(answer) : `Please give ${form}.`
      },
    }),
  ).trim()

const one = async <T extends string>(message: string, options: readonly T[]): Promise<T> =>
  answered(
    await prompts.select<string>({ message, options: options.map((value) => ({ value, label: value })) }),
  ) as T

const several = async <T extends string>(message: string, options: readonly T[]): Promise<T[]> =>
  answered(
    await prompts.multiselect<string>({
      message,
      options: options.map((value) => ({ value, label: value })),
      required: true,
    }),
  ) as T[]

/** What the team of a job role is called unless the file says otherwise. */
const teamNames: Readonly<Record<JobRole, string>> = {
  viewer: 'viewers',
  developer: 'developers',
  operator: 'operators',
  'release-manager': 'releasers',
  ci: 'pipelines',
  auditor: 'auditors',
}

const keyForm = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
const mailForm = /^[^@\s]+@[^@\s]+\.[^@\s]+$/

const teams = async (): Promise<Answers['teams']> => {
  const roles = await several('Which job roles does the organization have?', JobRole.options)
  const named: Record<string, Answers['teams'][string]> = {}
  for (const role of roles)
    named[teamNames[role]] = {
      role,
      ldapGroup: await text(
        `LDAP group of the ${teamNames[role]}`,
        'CN=RB-Developers,OU=Groups,DC=bank,DC=example',
        { valid: /^CN=[^,]+,.+/i, form: 'a distinguished name' },
      ),
    }
  return named
}

const applications = async (): Promise<Answers['applications']> => {
  const names = await text('Applications, separated by commas', 'payments, statements', {
    valid: /^[a-z][a-z0-9-]*(?:\s*,\s*[a-z][a-z0-9-]*)*$/,
    form: 'names in lower case, separated by commas',
  })
  const environments = await several('Which environments do they have?', Environment.options)
  return Object.fromEntries(names.split(/\s*,\s*/).map((name) => [name, { environments }]))
}

const offers = async (): Promise<Answers['offers']> => {
  const chosen = await several(
    'Which offers does it use?',
    OfferName.options.filter((offer) => offer !== 'run/edge'),
  )
  return Object.fromEntries(chosen.map((offer) => [offer, {}]))
}

const networks = async (): Promise<Answers['networks']> => {
  const wanted = answered(await prompts.confirm({ message: 'Does it need an overlay network of its own?' }))
  if (!wanted) return undefined
  const prefix = await one('How many addresses?', ['62 (/26)', '126 (/25)', '254 (/24)'])
  return { backend: { kind: 'overlay', prefix: Number(/\/(\d+)/.exec(prefix)?.[1] ?? 25) } }
}

/** Asks a person for what a new tenant needs; `taken` are the organizations there are. `@throws {UsageError}` where they cancel. */
export const askForTenant = async (taken: readonly string[]): Promise<Answers> => {
  prompts.intro('A new organization')
  const organization = await text('Name of the organization', 'retail-banking', {
    valid: keyForm,
    form: 'lower-case letters, digits and single hyphens',
    refusal: (name) => (taken.includes(name) ? `tenants/${name}.ts exists already.` : undefined),
  })
  const size = await one('Size class', SizeClass.options)
  const owner = await text('Mail of the owner', 'claire.martin@bank.example', {
    valid: mailForm,
    form: 'an e-mail address',
  })
  const technicalLead = await text('Mail of the technical lead (another person)', 'd.nguyen@bank.example', {
    valid: mailForm,
    form: 'an e-mail address',
    refusal: (mail) => (mail === owner ? 'The owner and the technical lead are two persons.' : undefined),
  })
  const costCentre = await text('Cost centre', 'RB-4711', {
    valid: /^[A-Z]{2,6}-\d{3,6}$/,
    form: "letters, a hyphen and digits, e.g. 'RB-4711'",
  })
  const asked = {
    teams: await teams(),
    offers: await offers(),
    applications: await applications(),
    networks: await networks(),
  }
  const { networks: wanted, ...rest } = asked
  return {
    organization,
    size,
    owner,
    technicalLead,
    costCentre,
    ...rest,
    ...(wanted === undefined ? {} : { networks: wanted }),
  }
}
