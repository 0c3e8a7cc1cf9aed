/** Real servers and tools that a machine may lack. */
type RealPart = 'clamd' | 'compose-reference' | 'docker' | 'engine' | 'go' | 'registry' | 'vcsim' | 'vault'

/**
 * Says what is skipped because a real part is not there.
 *
 * Throws Error where TENANTRY_REQUIRE_REAL names the part: CI installs it, so that its absence is a failure.
 */
export const missingPart = (part: RealPart, what: string): void => {
  if ((process.env.TENANTRY_REQUIRE_REAL ?? '').split(',').includes(part))
    throw new Error(
      `${part} is required here and was not found, so ${what} would be skipped. Run \`npm run setup:real\`.`,
    )
  console.log(`skipped: ${what} (${part} was not found; \`npm run setup:real\` builds it)`)
}
