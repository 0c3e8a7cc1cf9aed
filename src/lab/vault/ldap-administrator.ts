import type { Vault } from '../../clients/vault.ts'
import type { LdapServer } from '../ldap/ldap-server.ts'

/** Where the platform's stack mounts the method. */
const backend = 'ldap'
const pollMilliseconds = 250

/** What `auth/ldap/config` says of the lab's directory. */
export const ldapConfig = (ldap: LdapServer): Readonly<Record<string, unknown>> => ({
  url: ldap.url,
  binddn: ldap.searchDn,
  bindpass: ldap.searchPassword.reveal(),
  userdn: ldap.people,
  userattr: 'sAMAccountName',
  groupdn: ldap.groups,
  groupattr: 'cn',
  groupfilter: '(member={{.UserDN}})',
  case_sensitive_names: false,
  deny_null_bind: true,
  request_timeout: 10,
})

/**
 * Does what an administrator of Vault does beside Tenantry: tells the LDAP method, as soon as it is mounted and again
 * when it is mounted anew, where the directory is. Gives what ends it.
 */
export const configureLdap = (vault: Vault, ldap: LdapServer): (() => Promise<void>) => {
  let configured: string | undefined
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const look = async (): Promise<void> => {
    const accessor = (await vault.readAuthBackend(backend))?.accessor
    if (accessor !== undefined && accessor !== configured)
      await vault.writeLdapConfig(backend, ldapConfig(ldap))
    configured = accessor
  }
  // A Vault that does not answer now is asked again.
  const round = (): Promise<void> =>
    look()
      .catch(() => undefined)
      .then(() => {
        if (!isStopped) timer = setTimeout(next, pollMilliseconds).unref()
      })
  let running = Promise.resolve()
  const next = (): void => {
    running = round()
  }
  next()
  return async () => {
    isStopped = true
    clearTimeout(timer)
    await running
    clearTimeout(timer)
  }
}
