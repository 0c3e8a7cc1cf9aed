import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly subject: Input<string>
  readonly role: Input<string>
  readonly collection: Input<string>
}

/** A grant that must not exist. Import id: `subject:role:collection`. Served by the `ucp` plugin. */
export class UcpRevokedGrant extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:RevokedGrant', name, { ...inputs }, options)
  }
}
