import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { endProcess, identify, isAlive } from '../../src/engine/process-identity.ts'
import { loginDirectory, parsePasswords, passwordsJson, peopleOf } from '../../src/lab/people.ts'
import { StopList } from '../../src/lab/stop-list.ts'
import { storageCredentials } from '../../src/lab/storage-credentials.ts'
import { clusterWithStorage } from './sample-cluster.ts'

describe('StopList', () => {
  it('ends in reverse order, each once, and the rest when one fails', async () => {
    const stops = new StopList()
    const ended: string[] = []
    const stop = (name: string) => async () => void ended.push(name)
    stops.add(stop('first'))
    stops.add(async () => {
      throw new Error('stuck')
    })
    stops.add(stop('last'))
    await expect(stops.run()).rejects.toThrow('parts of the lab did not end')
    expect(ended).toEqual(['last', 'first'])
    await stops.run()
    expect(ended).toEqual(['last', 'first'])
  })
})

describe('peopleOf', () => {
  const directory = {
    users: [{ name: 'ada', fullName: 'Ada', mail: '' }],
    groups: [{ dn: 'cn = RB-Developers , OU=Groups', members: ['ada'] }],
  }

  it('gives everyone a password of their own, which a log-in takes', () => {
    const people = peopleOf(directory)
    const login = loginDirectory(people)
    const password = people.passwords.get('ada')?.reveal() ?? ''
    expect(password.length).toBeGreaterThanOrEqual(20)
    expect(login.isPassword('ada', password)).toBe(true)
    expect(login.isPassword('ada', '')).toBe(false)
    expect(login.isPassword('nobody', '')).toBe(false)
    expect(login.groupsOf('ada')).toEqual(['RB-Developers'])
    expect(peopleOf(directory).passwords.get('ada')?.reveal()).not.toBe(password)
  })

  it('writes passwords down and reads them again', () => {
    const people = peopleOf(directory)
    expect(parsePasswords(passwordsJson(people)).get('ada')?.reveal()).toBe(
      people.passwords.get('ada')?.reveal(),
    )
  })
})

describe('storageCredentials', () => {
  it('has what each kind of back end needs, and nothing for those without', () => {
    const seeds = storageCredentials(
      clusterWithStorage({
        nfs: { kind: 'nfs', server: 'n', export: '/e' },
        files: { kind: 'cifs', server: 'c', share: 's', credentials: 'storage/files' },
        objects: {
          kind: 'scality',
          driver: 'd',
          endpoint: 'https://s',
          region: 'r',
          credentials: 'storage/both',
        },
        more: { kind: 'cifs', server: 'c', share: 't', credentials: 'storage/both' },
      }),
    )
    expect(seeds.map(({ path, data }) => [path, Object.keys(data).sort()])).toEqual([
      ['storage/both', ['accessKey', 'password', 'secretKey', 'username']],
      ['storage/files', ['password', 'username']],
      ['swarm/nonprod', ['worker']],
    ])
  })
})

describe('a process', () => {
  it('is known by number and start, and ended only as itself', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const gone = once(child, 'exit')
    const identity = await identify(child.pid ?? 0)
    if (identity === undefined) throw new Error('it runs')
    expect(await isAlive(identity)).toBe(true)
    await endProcess({ ...identity, started: 'another time' }, 1000)
    expect(await isAlive(identity)).toBe(true)
    await endProcess(identity, 5000)
    await gone
    expect(await isAlive(identity)).toBe(false)
    expect(await identify(2 ** 30)).toBeUndefined()
  })

  it('is killed where it does not end when asked', async () => {
    const child = spawn(process.execPath, [
      '-e',
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')",
    ])
    await once(child.stdout, 'data')
    const gone = once(child, 'exit')
    const identity = await identify(child.pid ?? 0)
    if (identity === undefined) throw new Error('it runs')
    await endProcess(identity, 100)
    expect((await gone)[1]).toBe('SIGKILL')
  })
})
