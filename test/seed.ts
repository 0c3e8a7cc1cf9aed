/** One sample for every run of the tests, so that a failure is somebody’s change; others by TENANTRY_SEED. */
export const seed = Number(process.env.TENANTRY_SEED ?? 117_916)
