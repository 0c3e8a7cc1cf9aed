import * as z from 'zod'

/** What `POST /meta/settings` may write (reference §8.10); `webTLSKey` is never read back. */
export const SettingsChanges = z.strictObject({
  dtrHost: z.string().optional(),
  sso: z.boolean().optional(),
  createRepositoryOnPush: z.boolean().optional(),
  reportAnalytics: z.boolean().optional(),
  anonymizeAnalytics: z.boolean().optional(),
  disableBackupWarning: z.boolean().optional(),
  webTLSCert: z.string().optional(),
  webTLSKey: z.string().optional(),
  webTLSCA: z.string().optional(),
  scanningEnabled: z.boolean().optional(),
  scanningSyncOnline: z.boolean().optional(),
  scanningEnableAutoRecheck: z.boolean().optional(),
  jobHistoryToKeep: z.int().min(0).optional(),
  readOnlyRegistry: z.boolean().optional(),
})
export type SettingsChanges = z.infer<typeof SettingsChanges>

/** The registry's settings as they are read. */
export type Settings = Required<Omit<SettingsChanges, 'webTLSKey'>>

export const defaultSettings: Settings = {
  dtrHost: '',
  sso: false,
  createRepositoryOnPush: false,
  reportAnalytics: false,
  anonymizeAnalytics: false,
  disableBackupWarning: false,
  webTLSCert: '',
  webTLSCA: '',
  scanningEnabled: true,
  scanningSyncOnline: false,
  scanningEnableAutoRecheck: false,
  jobHistoryToKeep: 0,
  readOnlyRegistry: false,
}
