import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { checkConfigurationAsCode, configurationProblems } from '../../src/lab/jenkins/check-configuration.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'

const smallest = `jenkins:
  securityRealm:
    local: {}
  authorizationStrategy:
    roleBased:
      roles:
        global:
          - name: all
            permissions: ["Overall/Read"]
            entries: []
`

describe('checkConfigurationAsCode', () => {
  it('takes a small document', () => {
    expect(checkConfigurationAsCode(smallest)).toEqual([])
  })

  it.each([
    ['no map', '- a', 'it is no map'],
    ['nothing', '', 'it is no map'],
    ['an open bracket', 'jenkins: [', 'line 1'],
    ['an alias', `${smallest}tool:\n  a: &x 1\n  b: *x\n`, 'aliases are not taken'],
    [
      'an unknown root',
      `${smallest}nonsense: 1\n`,
      'Invalid configuration elements for the document: nonsense',
    ],
    [
      'an unknown element',
      smallest.replace('jenkins:\n', 'jenkins:\n  systemMesage: x\n'),
      'Invalid configuration elements for jenkins: systemMesage',
    ],
    [
      'a bad permission',
      smallest.replace('Overall/Read', 'everything'),
      'line 9: jenkins.authorizationStrategy',
    ],
    ['a duplicate key', `${smallest}jenkins: {}\n`, 'Map keys must be unique'],
    [
      'a secret in clear',
      smallest.replace('local: {}', 'local: { users: [{ id: a, password: hunter2 }] }'),
      'is a secret in clear',
    ],
    [
      'a credential nobody gives',
      `${smallest}unclassified:\n  hashicorpVault:\n    configuration: { vaultUrl: "https://v", vaultCredentialId: x, engineVersion: 2 }\n`,
      "there is no credential 'x'",
    ],
    ['too much', `# ${'x'.repeat(3 * 1024 * 1024)}\n${smallest}`, 'more than 3 MiB'],
  ])('refuses %s', (_what, yaml, said) => {
    const problems = checkConfigurationAsCode(yaml)
    expect(problems.join('\n')).toContain(said)
    expect(problems.join('\n')).not.toContain('hunter2')
  })

  it('names the line of what is wrong', () => {
    expect(configurationProblems(`${smallest}nonsense: 1\n`)).toHaveLength(1)
    expect(
      configurationProblems(smallest.replace('  securityRealm', '  mode: LOUD\n  securityRealm'))[0]?.line,
    ).toBe(2)
  })

  it('takes what every sample organization with CI gets on every cluster', async () => {
    const loaded = await loadFleet(process.cwd())
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues))
    const { tenants, clusters } = loaded.value
    const documents = clusters
      .flatMap(
        (cluster) =>
          compile(
            tenants.map((tenant) => tenant.value),
            cluster.value,
          ).stacks,
      )
      .flatMap((stack) => stack.resources)
      .flatMap((resource) => (resource.kind === 'DockerConfig' ? [resource.data] : []))
    expect(documents.length).toBeGreaterThan(1)
    for (const document of documents) expect(checkConfigurationAsCode(document)).toEqual([])
    const [first = ''] = documents
    expect(checkConfigurationAsCode(first.replace(/\n *cpuLimit: .*/, '')).join()).toContain('cpuLimit')
    expect(checkConfigurationAsCode(first.replace(/maxInstances: \d+/, 'maxInstances: 0')).join()).toContain(
      'maxInstances',
    )
  })
})
