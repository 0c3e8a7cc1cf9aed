/** What names the key that plans are signed with: the key itself, or the file that it is in. */
export const planKeyVariables = ['TENANTRY_PLAN_KEY', 'TENANTRY_PLAN_KEY_FILE'] as const

const withheld: ReadonlySet<string> = new Set(planKeyVariables)

/**
 * An environment as the programs get it that this process starts, engine, plugins, git and compilers: without the key that plans
 * are signed with, which none of them needs and whoever has it can approve with. Pure.
 */
export const programEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !withheld.has(name)))
