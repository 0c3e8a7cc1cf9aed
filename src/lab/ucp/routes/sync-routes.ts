import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import type { Answer, Call } from '../call.ts'
import { SyncConfig } from '../member-sync.ts'
import type { Team } from '../organizations.ts'
import { invalid, notFound } from '../refusal.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'
import { enziRoutes } from './enzi.ts'

const Job = z.object({ action: z.string() })
type Job = z.infer<typeof Job> & {
  readonly id: string
  readonly status: string
  readonly scheduledAt: string
}

const LdapSettings = z.looseObject({
  serverURL: z.string().optional(),
  readerPassword: z.string().optional(),
})

const teamOf = (state: UcpState, call: Call): Team =>
  state.organizations.team(state.accounts.organization(call.param('org')).id, call.param('team'))

const putTeamConfig = async (state: UcpState, call: Call): Promise<Answer> => {
  const team = teamOf(state, call)
  state.memberSync.configureTeam(team, await call.body(SyncConfig))
  return { status: 200, body: state.memberSync.ofTeam(team.id) }
}

const putAdminConfig = async (state: UcpState, call: Call): Promise<Answer> => {
  const { id } = state.accounts.organization(call.param('org'))
  state.memberSync.configureAdmins(id, await call.body(SyncConfig))
  return { status: 200, body: state.memberSync.ofAdmins(id) }
}

const syncPattern = '/accounts/:org/teams/:team/memberSyncConfig'
const adminPattern = '/accounts/:org/adminMemberSyncConfig'

const configRoutes = (state: UcpState): Route[] =>
  enziRoutes([
    {
      method: 'GET',
      pattern: syncPattern,
      access: 'admin',
      handle: (call) => ({ status: 200, body: state.memberSync.ofTeam(teamOf(state, call).id) }),
    },
    { method: 'PUT', pattern: syncPattern, access: 'admin', handle: (call) => putTeamConfig(state, call) },
    {
      method: 'GET',
      pattern: adminPattern,
      access: 'admin',
      handle: (call) => ({
        status: 200,
        body: state.memberSync.ofAdmins(state.accounts.organization(call.param('org')).id),
      }),
    },
    { method: 'PUT', pattern: adminPattern, access: 'admin', handle: (call) => putAdminConfig(state, call) },
  ])

/** Runs are over before their call is answered. */
const startJob = async (state: UcpState, jobs: Map<string, Job>, call: Call): Promise<Answer> => {
  const { action } = await call.body(Job)
  if (action !== 'ldap-sync') throw invalid(`Unknown job action ${JSON.stringify(action)}.`)
  state.memberSync.run()
  const job: Job = {
    id: randomUUID(),
    action,
    status: 'done',
    scheduledAt: new Date(state.now()).toISOString(),
  }
  jobs.set(job.id, job)
  return { status: 202, body: job }
}

const showJob = (jobs: ReadonlyMap<string, Job>, call: Call): Answer => {
  const job = jobs.get(call.param('job'))
  if (job === undefined) throw notFound('NO_SUCH_JOB', 'No such job exists.')
  return { status: 200, body: job }
}

const jobRoutes = (state: UcpState): Route[] => {
  const jobs = new Map<string, Job>()
  const own = { style: 'enzi', access: 'admin' } as const
  return [
    { ...own, method: 'POST', pattern: '/enzi/v0/jobs', handle: (call) => startJob(state, jobs, call) },
    {
      ...own,
      method: 'GET',
      pattern: '/enzi/v0/jobs',
      handle: () => ({ status: 200, body: { jobs: [...jobs.values()] } }),
    },
    { ...own, method: 'GET', pattern: '/enzi/v0/jobs/:job', handle: (call) => showJob(jobs, call) },
  ]
}

/** Kept and shown without the reader's password; the lab's directory stands for every server (reference §2.5). */
const ldapRoutes = (): Route[] => {
  const own = { style: 'enzi', access: 'admin', pattern: '/enzi/v0/config/auth/ldap' } as const
  let settings: Record<string, unknown> = {}
  return [
    { ...own, method: 'GET', handle: () => ({ status: 200, body: settings }) },
    {
      ...own,
      method: 'PUT',
      handle: async (call) => {
        const { readerPassword: _, ...shown } = await call.body(LdapSettings)
        settings = shown
        return { status: 200, body: settings }
      },
    },
  ]
}

/** Member sync with LDAP, its jobs and the directory's settings (reference §2.5). */
export const syncRoutes = (state: UcpState): Route[] => [
  ...configRoutes(state),
  ...jobRoutes(state),
  ...ldapRoutes(),
]
