import type { Answer } from '../call.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'

/** What the cluster's front door is, for the calls that ask. */
export interface HealthSource {
  readonly certificateAuthority: string
  readonly host: () => string
}

/** The engine API of 3.2 (reference §7). */
const apiVersion = '1.39'

const version = ({ switches }: UcpState): Answer => ({
  status: 200,
  body: {
    Platform: { Name: 'Universal Control Plane' },
    Components: [
      { Name: 'Universal Control Plane', Version: switches.ucpVersion, Details: { ApiVersion: apiVersion } },
    ],
    Version: `ucp/${switches.ucpVersion}`,
    ApiVersion: apiVersion,
    MinAPIVersion: '1.20',
    GitCommit: 'emulator',
    GoVersion: 'none',
    Os: 'linux',
    Arch: 'amd64',
  },
})

const pingHeaders = { 'api-version': apiVersion, ostype: 'linux', server: 'ucp', 'cache-control': 'no-cache' }

/** The engine's own clients ask below a version prefix too. */
const versions = ['', ...Array.from({ length: 30 }, (_, minor) => `/v1.${minor + 20}`)]

const pingRoutes = (): Route[] =>
  versions.flatMap((prefix) =>
    (['GET', 'HEAD'] as const).map((method) => ({
      method,
      pattern: `${prefix}/_ping`,
      style: 'engine' as const,
      access: 'anyone' as const,
      handle: () => ({ status: 200, contentType: 'text/plain', headers: pingHeaders, body: 'OK' }),
    })),
  )

const versionRoutes = (state: UcpState): Route[] =>
  versions.map((prefix) => ({
    method: 'GET',
    pattern: `${prefix}/version`,
    style: 'engine',
    access: 'user',
    handle: () => version(state),
  }))

/** Health, version, the authority's certificate, metrics discovery (reference §1.5, §9.2). */
export const healthRoutes = (state: UcpState, source: HealthSource): Route[] => [
  ...pingRoutes(),
  ...versionRoutes(state),
  {
    method: 'GET',
    pattern: '/ca',
    style: 'native',
    access: 'anyone',
    handle: () => ({ status: 200, contentType: 'application/x-pem-file', body: source.certificateAuthority }),
  },
  {
    method: 'GET',
    pattern: '/metricsdiscovery',
    style: 'native',
    access: 'user',
    handle: () => ({
      status: 200,
      body: [{ targets: [source.host()], labels: { job: 'ucp-metrics', __metrics_path__: '/metrics' } }],
    }),
  },
]
