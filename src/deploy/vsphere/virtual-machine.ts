import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly name: Input<string>
  readonly resourcePoolId: Input<string>
  readonly datastoreId: Input<string>
  readonly folder: Input<string>
  readonly numCpus: Input<number>
  /** MiB. */
  readonly memory: Input<number>
  readonly guestId: Input<string>
  readonly firmware: Input<string>
  readonly scsiType: Input<string>
  /** Sizes in GiB. */
  readonly disks: Input<{ label: string; size: number }[]>
  readonly networkInterfaces: Input<{ networkId: Input<string> }[]>
  readonly clone: Input<{ templateUuid: Input<string> }>
  readonly extraConfig: Input<Readonly<Record<string, Input<string>>>>
  /** Whether a VM is powered off for other settings. */
  readonly extraConfigRebootRequired: Input<boolean>
  readonly tags: Input<Input<string>[]>
  /** Minutes; 0 waits for nothing. */
  readonly waitForGuestNetTimeout: Input<number>
}

/** A VM, cloned from a template. The vendor’s token and property names, so that the vendor’s plugin serves it. */
export class VsphereVirtualMachine extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('vsphere:index/virtualMachine:VirtualMachine', name, { ...inputs }, options)
  }
}
