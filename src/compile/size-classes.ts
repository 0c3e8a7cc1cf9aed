import type { SizeClass } from '../tenant/schema.ts'

const gibibyte = 1024 ** 3

/** What a size stands for on each cluster, in the units that the desired state uses. */
export interface SizeDefaults {
  readonly quota: {
    readonly cpuMillis: number
    readonly memoryBytes: number
    readonly storageBytes: number
    readonly containers: number
  }
  /** Limits of one Jenkins agent. */
  readonly agent: { readonly cpuMillis: number; readonly memoryBytes: number }
  /** Limits of the Jenkins controller. */
  readonly controller: { readonly cpuMillis: number; readonly memoryBytes: number }
}

const sizeOf = (
  [cpus, memoryGib, storageGib, containers]: readonly [number, number, number, number],
  agent: readonly [number, number],
  controller: readonly [number, number],
): SizeDefaults => ({
  quota: {
    cpuMillis: cpus * 1000,
    memoryBytes: memoryGib * gibibyte,
    storageBytes: storageGib * gibibyte,
    containers,
  },
  agent: { cpuMillis: agent[0] * 1000, memoryBytes: agent[1] * gibibyte },
  controller: { cpuMillis: controller[0] * 1000, memoryBytes: controller[1] * gibibyte },
})

/**
 * The size classes. Quota: CPUs, GiB of memory, GiB of storage, containers; then CPUs and GiB of an agent and
 * of the controller.
 *
 * Source: our choice. 15,000 planned containers over some fifty organizations are 300 each, the middle of the
 * table; a container takes 0.25 CPU and 1 GiB on average.
 */
export const sizeClasses: Readonly<Record<SizeClass, SizeDefaults>> = {
  small: sizeOf([8, 32, 256, 40], [1, 2], [1, 2]),
  medium: sizeOf([32, 128, 1024, 150], [2, 4], [2, 4]),
  large: sizeOf([96, 384, 4096, 400], [2, 8], [4, 8]),
  xlarge: sizeOf([256, 1024, 16_384, 1000], [4, 16], [8, 16]),
}
