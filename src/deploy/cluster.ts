import type { Registrations } from './site.ts'
import { UcpContentTrust } from './ucp/content-trust.ts'

/** What holds for a whole cluster. */
export const cluster = {
  ContentTrust: (trust, site) =>
    new UcpContentTrust(
      trust.key,
      { required: trust.required, signers: [...trust.signers] },
      site.options(trust, 'ucp'),
    ),
} satisfies Partial<Registrations>
