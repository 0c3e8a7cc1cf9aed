import { setTimeout as wait } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { Lab } from '../../src/lab/lab.ts'

/** Somebody who is logged in to a cluster's UCP. */
export interface LoggedIn {
  readonly call: (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ) => Promise<{ readonly status: number; readonly body: unknown; readonly text: string }>
  readonly close: () => Promise<void>
}

const clusterOf = (lab: Lab, name: string): ClusterLab => {
  const found = lab.clusters.find(({ cluster }) => cluster.cluster === name)
  if (found === undefined) throw new Error(`no cluster ${name} in the lab`)
  return found
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Logs a person of the directory in, over HTTPS as a client would. */
export const logIn = async (lab: Lab, cluster: string, user: string): Promise<LoggedIn> => {
  const { ucp } = clusterOf(lab, cluster)
  const dispatcher = new Agent({ connect: { ca: ucp.caCertificate } })
  let token: string | undefined
  const call: LoggedIn['call'] = async (method, path, body) => {
    const answer = await request(`${ucp.address}${path}`, {
      dispatcher,
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    return { status: answer.statusCode, body: parsed(text), text }
  }
  const password = lab.people.passwords.get(user)?.reveal()
  const { body, text } = await call('POST', '/auth/login', { username: user, password })
  token = (body as { auth_token?: string } | undefined)?.auth_token
  if (token === undefined) throw new Error(`${user} cannot log in to ${cluster}: ${text}`)
  return { call, close: () => dispatcher.close() }
}

/** A service as a developer would create it. */
export const serviceSpec = (name: string, collection: string, image: string): unknown => ({
  Name: name,
  Labels: { 'com.docker.ucp.access.label': collection },
  TaskTemplate: {
    ContainerSpec: { Image: image },
    Resources: { Limits: { NanoCPUs: 500_000_000, MemoryBytes: 134_217_728 } },
  },
  Mode: { Replicated: { Replicas: 1 } },
})

/** The container of a service's running task; asks until it runs, a bounded number of times. */
export const containerOf = async (person: LoggedIn, service: string): Promise<string> => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const filters = encodeURIComponent(JSON.stringify({ service: [service] }))
    const { body } = await person.call('GET', `/tasks?filters=${filters}`)
    for (const task of (body ?? []) as {
      Status?: { State?: string; ContainerStatus?: { ContainerID?: string } }
    }[]) {
      const id = task.Status?.ContainerStatus?.ContainerID
      if (task.Status?.State === 'running' && id !== undefined) return id
    }
    await wait(100)
  }
  throw new Error(`no container of ${service} runs`)
}
