import * as z from 'zod'
import { bytesPattern, cpuPattern } from './units.ts'

/** A key an author chooses: it becomes part of physical names, so it is a DNS label without surprises. */
export const key = (what: string) =>
  z
    .string()
    .regex(
      /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
      `${what} is lower-case letters, digits and single hyphens, and starts with a letter`,
    )
    .max(40, `${what} has at most 40 characters`)

export const cpu = z
  .string()
  .regex(cpuPattern, "a number of CPUs as text, e.g. '2', '0.5' or '500m'")
  .describe("CPUs: `'2'`, `'0.5'` or `'500m'` (thousandths).")

export const bytes = z
  .string()
  .regex(bytesPattern, "a size with a binary unit, e.g. '512Mi', '4Gi' or '2Ti'")
  .describe("A size with a binary unit: `'512Mi'`, `'4Gi'`, `'2Ti'`.")

export const cidr = z
  .string()
  .regex(/^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/, "an IPv4 subnet in CIDR form, e.g. '10.64.17.0/25'")
  .describe('An IPv4 subnet in CIDR form; its host bits are zero.')

/** One line of free text; control, format and invisible characters and lone surrogates are refused. */
export const line = (most: number) =>
  z
    .string()
    .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]*$/u, 'one line of plain text')
    .regex(/^\S(?:.*\S)?$/u, 'text without blanks at its ends')
    .max(most)

/** A UCP account's name as Tenantry writes it. */
export const accountName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'an account name in lower case')

/** An LDAP distinguished name that begins with the group's common name. */
export const ldapGroup = z
  .string()
  .regex(
    /^[Cc][Nn]=[^,=+<>#;"\\\p{Cc}]+(?:,(?:[Cc][Nn]|[Oo][Uu]|[Dd][Cc]|[Oo]|[Cc])=[^,=+<>#;"\\\p{Cc}]+)+$/u,
    "a distinguished name, e.g. 'CN=RB-Developers,OU=Groups,DC=bank,DC=example'",
  )
  .max(256)
  .describe('Distinguished name of the LDAP group whose members are the team.')
