/**
 * What the platform's own token may do in Vault: everything that onboarding an organization takes, and of secrets only
 * the platform's storage credentials. Of organizations' secrets it lists the names, and reads none.
 *
 * A real Vault's administrator gives the platform a token with this policy.
 */
export const platformPolicy = `# Mounts of organizations
path "sys/mounts" {
  capabilities = ["read"]
}
path "sys/mounts/orgs/+" {
  capabilities = ["create", "read", "update", "delete"]
}
path "sys/mounts/orgs/+/tune" {
  capabilities = ["read", "update"]
}

# Names of their secrets, which are counted before an organization leaves; no value
path "orgs/+/metadata/*" {
  capabilities = ["list"]
}

# Policies, but not this one
path "sys/policies/acl/*" {
  capabilities = ["create", "read", "update", "delete"]
}
path "sys/policies/acl/tenantry-platform" {
  capabilities = ["deny"]
}

# The two ways to log in; Vault protects sys/auth with sudo
path "sys/auth" {
  capabilities = ["read"]
}
path "sys/auth/approle" {
  capabilities = ["create", "read", "update", "delete", "sudo"]
}
path "sys/auth/ldap" {
  capabilities = ["create", "read", "update", "delete", "sudo"]
}
path "sys/auth/+/tune" {
  capabilities = ["read", "update", "sudo"]
}
path "sys/mounts/auth/+/tune" {
  capabilities = ["read", "update"]
}
path "auth/approle/role/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}
path "auth/ldap/groups/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}

# Credentials of the storage back ends
path "platform/data/*" {
  capabilities = ["read"]
}

# The vendor's plugin works with a child of the token it is given
path "auth/token/create" {
  capabilities = ["update"]
}
`

/** Name that the lab gives the policy. */
export const platformPolicyName = 'tenantry-platform'
