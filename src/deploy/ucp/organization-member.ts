import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly organization: Input<string>
  readonly user: Input<string>
  readonly isAdmin?: Input<boolean>
}

/** A user in an organization. Import id: `organization/user`. Served by the `ucp` plugin. */
export class UcpOrganizationMember extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:OrganizationMember', name, { ...inputs }, options)
  }
}
