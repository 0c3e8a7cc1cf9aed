import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readScanReport } from '../../../src/compliance/scan/read-scan-report.ts'

const digest = `sha256:${'4e'.repeat(32)}`

const read = (value: unknown, image?: string) => {
  const found = readScanReport('scan.json', JSON.stringify(value), image)
  if (!found.ok) throw new Error(found.issues.map(({ message }) => message).join())
  return found.value
}

const oldSummary = {
  namespace: 'acme',
  reponame: 'shop',
  tag: '1.4.0',
  critical: 1,
  major: 4,
  minor: 2,
  last_scan_status: 6,
  check_completed_at: '2026-11-02T10:04:00Z',
}

const newSummary = {
  scanStatus: 6,
  scannedImage: {
    namespace: 'acme',
    repository: 'shop',
    tag: '1.4.0',
    manifestDigest: digest,
    totalVulnCount: { critical: 1, major: 1, minor: 0 },
    cves: [
      { cvePK: 'CVE-2020-0001', cvss: 9.8 },
      { cvePK: 'CVE-2020-0002', cvss: 5.1 },
    ],
  },
}

const trivy = {
  SchemaVersion: 2,
  CreatedAt: '2026-11-20T10:00:00.123456789+01:00',
  ArtifactName: 'acme/shop:1.4.0',
  Metadata: { ImageID: `sha256:${'91'.repeat(32)}`, RepoDigests: [`registry.example/acme/shop@${digest}`] },
  Results: [
    {
      Vulnerabilities: [
        {
          VulnerabilityID: 'CVE-2',
          PkgName: 'curl',
          InstalledVersion: '7',
          FixedVersion: '8',
          Severity: 'LOW',
        },
        { VulnerabilityID: 'CVE-1', Severity: 'CRITICAL' },
        { VulnerabilityID: 'CVE-3', Severity: 'UNKNOWN' },
      ],
    },
    { Vulnerabilities: [{ VulnerabilityID: 'CVE-2', Severity: 'HIGH' }] },
    { Vulnerabilities: null },
  ],
}

const grype = {
  matches: [
    {
      vulnerability: { id: 'CVE-1', severity: 'Negligible', fix: { versions: ['2'] } },
      artifact: { name: 'a', version: '1' },
    },
  ],
  ignoredMatches: [{ vulnerability: { id: 'CVE-9', severity: 'High' } }],
  source: { type: 'image', target: { userInput: 'acme/shop:1.4.0', manifestDigest: digest } },
  descriptor: { name: 'grype', version: '0.80.0', timestamp: '2026-11-20T10:00:00Z' },
}

const sarif = {
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'Trivy',
          version: '0.59',
          rules: [{ id: 'CVE-2024-6387', properties: { 'security-severity': '8.1' } }],
        },
      },
      invocations: [{ endTimeUtc: '2026-11-20T10:00:00Z', executionSuccessful: true }],
      properties: { imageName: 'acme/shop:1.4.0', repoDigests: [`acme/shop@${digest}`] },
      results: [
        { ruleId: 'CVE-2024-6387-openssh', ruleIndex: 0, level: 'note' },
        { ruleId: 'CVE-2024-1', level: 'error' },
        { ruleId: 'CVE-2024-2', kind: 'pass' },
      ],
    },
  ],
}

describe('scan results', () => {
  it('of DTR count by its three classes', () => {
    expect(read({ name: '1.4.0', digest, vuln_summary: oldSummary })).toMatchObject([
      {
        format: 'dtr',
        image: 'acme/shop:1.4.0',
        digests: [digest],
        scannedAt: '2026-11-02T10:04:00Z',
        vulnerabilities: [],
        counted: [
          { severities: ['critical', 'high'], count: 1 },
          { severities: ['medium'], count: 4 },
          { severities: ['low'], count: 2 },
        ],
      },
    ])
  })

  it('of DTR are single vulnerabilities where the answer lists as many as it counts', () => {
    const [whole] = read([newSummary])
    expect(whole).toMatchObject({
      digests: [digest],
      counted: [],
      scannedAt: undefined,
      unfinished: undefined,
    })
    expect(whole?.vulnerabilities.map(({ id, severity }) => [id, severity])).toEqual([
      ['CVE-2020-0001', 'critical'],
      ['CVE-2020-0002', 'medium'],
    ])
    const cut = {
      ...newSummary,
      scannedImage: { ...newSummary.scannedImage, cves: newSummary.scannedImage.cves.slice(1) },
    }
    expect(read([cut])[0]).toMatchObject({
      vulnerabilities: [],
      counted: [{ count: 1 }, { count: 1 }, { count: 0 }],
    })
  })

  it.each([
    [{ last_scan_status: 2 }, 'it goes on still'],
    [{ last_scan_status: 0 }, 'it failed'],
    [{ last_scan_status: 9 }, 'it does not say that it ended'],
    [{ check_completed_at: '0001-01-01T00:00:00Z' }, 'it does not say that it ended'],
  ])('of DTR with %j are not to be relied upon', (more, why) => {
    expect(read({ ...oldSummary, ...more })[0]?.unfinished).toBe(why)
  })

  it('of Trivy are each vulnerability once, at its gravest, the gravest first', () => {
    const [report] = read(trivy)
    expect(report?.vulnerabilities.map(({ id, severity }) => [id, severity])).toEqual([
      ['CVE-1', 'critical'],
      ['CVE-2', 'high'],
      ['CVE-3', 'medium'],
    ])
    expect(report?.digests).toEqual([`sha256:${'91'.repeat(32)}`, digest])
  })

  it('of Grype hold what its own configuration ignores: that has no owner and no end', () => {
    const [report] = read(grype)
    expect(report).toMatchObject({ scanner: 'Grype 0.80.0', image: 'acme/shop:1.4.0', digests: [digest] })
    expect(report?.vulnerabilities).toEqual([
      { id: 'CVE-9', severity: 'high' },
      { id: 'CVE-1', severity: 'low', package: 'a 1', fixedIn: '2' },
    ])
  })

  it('in SARIF go by the score of their rule before the level, and without what passed', () => {
    const [report] = read(sarif)
    expect(report?.vulnerabilities).toEqual([
      { id: 'CVE-2024-1', severity: 'high' },
      { id: 'CVE-2024-6387', severity: 'high' },
    ])
    expect(report).toMatchObject({ image: 'acme/shop:1.4.0', digests: [digest], unfinished: undefined })
  })

  it('in SARIF of a tool that failed are not to be relied upon', () => {
    const failed = {
      version: '2.1.0',
      runs: [{ ...sarif.runs[0], invocations: [{ executionSuccessful: false }] }],
    }
    expect(read(failed)[0]?.unfinished).toContain('failed')
    expect(read({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } } }] })[0]?.unfinished).toContain(
      'did not run',
    )
  })

  it('are of the image that the caller names', () => {
    expect(read(trivy, 'acme/other:2')[0]?.image).toBe('acme/other:2')
  })

  it.each([
    ['no JSON', '{'],
    ['another schema of Trivy', JSON.stringify({ SchemaVersion: 1 })],
    ['a list of nothing', '[]'],
    ['null', 'null'],
    ['counts below zero', JSON.stringify({ ...oldSummary, critical: -1 })],
    ['SARIF of another version', JSON.stringify({ version: '2.0.0', runs: [] })],
  ])('that are %s are refused at their file', (_, text) => {
    expect(readScanReport('scan.json', text)).toMatchObject({
      ok: false,
      issues: [{ code: 'scan-report/unreadable', source: { file: 'scan.json' } }],
    })
  })

  it('of any shape get an answer', () => {
    const near = fc.oneof(
      fc.constant(trivy as object),
      fc.constant(grype as object),
      fc.constant(sarif as object),
      fc.constant(oldSummary as object),
    )
    fc.assert(
      fc.property(near, fc.string(), fc.jsonValue(), (report, key, value) => {
        const keys = Object.keys(report)
        const name = keys[key.length % keys.length] ?? key
        const found = readScanReport('scan.json', JSON.stringify({ ...report, [name]: value }))
        expect(
          found.ok ? found.value.every(({ source }) => source.file === 'scan.json') : found.issues.length,
        ).toBeTruthy()
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => readScanReport('scan.json', text).ok || true))
  })
})
