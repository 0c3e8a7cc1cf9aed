import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly organization: Input<string>
  readonly name: Input<string>
  readonly description?: Input<string>
  /** Members follow this LDAP group. */
  readonly ldapSync?: Input<{ groupDn: Input<string>; groupMemberAttribute: Input<string> }>
  /** Anybody else is taken out. */
  readonly members?: Input<Input<string>[]>
}

/** A team of an organization. Import id: `organization/team`. Served by the `ucp` plugin. */
export class UcpTeam extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:Team', name, { ...inputs }, options)
  }
}
