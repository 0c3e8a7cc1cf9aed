import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CollectionNode } from '../../../src/lab/ucp/access.ts'
import { refusalText } from '../../../src/lab/ucp/proxy-denial.ts'
import {
  collectionIdOf,
  collectionLabels,
  constrained,
  joinedNodeLabels,
  placedIn,
} from '../../../src/lab/ucp/proxy-labels.ts'
import { ruleOf } from '../../../src/lab/ucp/proxy-rules.ts'

const retail: CollectionNode = {
  id: 'c3',
  path: '/Run/Std/retail',
  ancestorIds: ['swarm', 'c1', 'c2'],
  labelConstraints: [
    { type: 'node', label_key: 'ssd', label_value: 'true', equality: true },
    { type: 'engine', label_key: 'old', label_value: 'yes', equality: false },
  ],
}
const run: CollectionNode = { id: 'c2', path: '/Run/Std', ancestorIds: ['swarm', 'c1'], labelConstraints: [] }
const root: CollectionNode = { id: 'swarm', path: '/', ancestorIds: [], labelConstraints: [] }

describe('collection labels', () => {
  it('are the path, the id, and one for each collection up to the root', () => {
    expect(collectionLabels(retail)).toEqual({
      'com.docker.ucp.access.label': '/Run/Std/retail',
      'com.docker.ucp.collection': 'c3',
      'com.docker.ucp.collection.root': 'true',
      'com.docker.ucp.collection.swarm': 'true',
      'com.docker.ucp.collection.c1': 'true',
      'com.docker.ucp.collection.c2': 'true',
      'com.docker.ucp.collection.c3': 'true',
    })
    expect(collectionLabels(root)).toEqual({
      'com.docker.ucp.access.label': '/',
      'com.docker.ucp.collection': 'swarm',
      'com.docker.ucp.collection.root': 'true',
      'com.docker.ucp.collection.swarm': 'true',
    })
  })

  it('cannot be forged, and leave every other label alone', () => {
    const label = fc.oneof(
      fc.constantFrom(
        'com.docker.ucp.collection',
        'com.docker.ucp.collection.c9',
        'com.docker.ucp.access.label',
      ),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.dictionary(label, fc.string()), (labels) => {
        const placed = placedIn(retail, labels)
        expect(collectionIdOf(placed)).toBe('c3')
        expect(placed).not.toHaveProperty(['com.docker.ucp.collection.c9'])
        for (const [key, value] of Object.entries(labels))
          if (!key.startsWith('com.docker.ucp.')) expect(placed[key]).toBe(value)
        expect(placedIn(retail, placed)).toEqual(placed)
      }),
    )
  })

  it('say the root where there are none', () => {
    expect(collectionIdOf(undefined)).toBe('swarm')
    expect(collectionIdOf({})).toBe('swarm')
  })

  it('of a node keep the orchestrator somebody chose', () => {
    expect(joinedNodeLabels(run, 'swarm', {})).toHaveProperty(['com.docker.ucp.orchestrator.swarm'], 'true')
    const chosen = joinedNodeLabels(run, 'swarm', { 'com.docker.ucp.orchestrator.kubernetes': 'true' })
    expect(chosen).not.toHaveProperty(['com.docker.ucp.orchestrator.swarm'])
  })
})

describe('constraints', () => {
  it('are the author’s, the collection’s, and UCP’s in place of any that were sent', () => {
    const given = [
      'node.role==worker',
      'node.labels.com.docker.ucp.collection.system==true',
      ' node.labels.com.docker.ucp.orchestrator.kubernetes == true',
    ]
    const once = constrained(given, { nodes: run, target: retail, avoidsManagers: false })
    expect(once).toEqual([
      'node.role==worker',
      'node.labels.ssd==true',
      'engine.labels.old!=yes',
      'node.labels.com.docker.ucp.collection.c2==true',
      'node.labels.com.docker.ucp.orchestrator.swarm==true',
    ])
    expect(constrained(once, { nodes: run, target: retail, avoidsManagers: false })).toEqual(once)
  })

  it('keep an admin off the managers', () => {
    expect(constrained(null, { nodes: root, target: run, avoidsManagers: true })).toContain(
      'node.labels.com.docker.ucp.collection.system!=true',
    )
  })
})

describe('the table of calls', () => {
  it('knows the call behind a path, and leaves what it does not know to admins', () => {
    expect(ruleOf('POST', '/services/web/update')).toEqual({
      rule: { kind: 'update', subject: 'service', operations: ['Service Create', 'Service Update'] },
      reference: 'web',
    })
    expect(ruleOf('POST', '/containers/abc/exec').rule).toMatchObject({ operation: 'Container Exec' })
    expect(ruleOf('GET', '/images/acme/web:1/json').rule).toEqual({ kind: 'image', operation: 'Image View' })
    for (const [method, path] of [
      ['GET', '/swarm'],
      ['POST', '/swarm/leave'],
      ['DELETE', '/nodes/x'],
      ['POST', '/containers/prune'],
      ['POST', '/plugins/pull'],
      ['GET', '//services'],
    ] as const)
      expect(ruleOf(method, path).rule, path).toEqual({ kind: 'admin' })
  })
})

describe('the refusal', () => {
  it('has a line for each collection with all that is missing there', () => {
    expect(
      refusalText([
        { operation: 'Service Create', collectionId: 'a' },
        { operation: 'Service Create', collectionId: 'a', variant: 'Host Bind Mounts' },
        { operation: 'Secret Use', collectionId: 'b' },
      ]),
    ).toBe(
      'access denied:\nno access to Service Create, Service Create [Host Bind Mounts], on collection a\nno access to Secret Use, on collection b',
    )
  })
})
