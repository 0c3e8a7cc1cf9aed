import type { Severity } from '../../src/compliance/finding.ts'
import type { ImageFacts, RootPath, RootPathKind } from '../../src/compliance/image-facts.ts'
import type { RunningService } from '../../src/compliance/running-usage.ts'
import type { ComplianceRule } from '../../src/exception/compliance-rule.ts'
import { nonprod } from '../compile/fixtures/clusters.ts'
import type { Case, Facts, Stack } from './stack-case.ts'

/** Of each rule stacks that break it, and stacks next to those that do not. */
export interface RuleCases {
  readonly fails: Readonly<Record<string, Case>>
  readonly passes: Readonly<Record<string, Case>>
}

const digest = `sha256:${'4e'.repeat(32)}`
const label = 'com.docker.ucp.access.label'

/** A case that only sets keys of the service `web`. */
const web = (keys: object): Case => ({ stack: (_, service) => Object.assign(service, keys) })

/** A case that sets keys of its `deploy`. */
const deploy = (keys: object): Case => ({
  stack: (_, service) => Object.assign(service.deploy as object, keys),
})

const resources = (limits: object, reservations: object): Case =>
  deploy({ resources: { limits, reservations } })

const stack = (change: (stack: Stack) => void): Case => ({ stack: change })

const without = (key: string): Case => ({ stack: (_, service) => void delete service[key] })

const withoutDeploy = (key: string): Case => ({
  stack: (_, service) => void delete (service.deploy as Record<string, unknown>)[key],
})

const facts = (change: (facts: Facts) => void): Case => ({ facts: change })

const rootPath = (kind: RootPathKind, path: string, more: Partial<RootPath> = {}): Case =>
  facts((image) => {
    image.rootPaths = [{ kind, path, layer: 0, inMergedView: true, mode: 0o4755, uid: 0, gid: 0, ...more }]
  })

const scannedFacts = (more: Partial<Extract<ImageFacts['malware'], { state: 'scanned' }>>): Case =>
  facts((image) => {
    if (image.malware.state === 'scanned') image.malware = { ...image.malware, ...more }
  })

const vulnerabilities = (...severities: readonly Severity[]): Case => ({
  scan: (scan) => {
    scan.vulnerabilities = severities.map((severity, index) => ({ id: `CVE-2026-${1000 + index}`, severity }))
  },
})

const running = (more: Partial<RunningService>): Case => ({
  running: {
    services: [
      {
        name: 'other_api',
        stack: 'other',
        collection: '/Run/Std/acme/ledger',
        containers: 1,
        cpuLimitMillis: 1000,
        memoryLimitBytes: 1024 ** 3,
        publishedPorts: [],
        ...more,
      },
    ],
  },
})

const signedCluster: Pick<Case, 'cluster'> = {
  cluster: { contentTrust: { ...nonprod.contentTrust, required: true } },
}

const inEnvironment = (environment: object): Case => web({ environment })

export const ruleCases: Readonly<Record<ComplianceRule, RuleCases>> = {
  'limits/no-cpu-limit': {
    fails: {
      'none at all': resources({ memory: '512M' }, { memory: '256M' }),
      zero: resources({ cpus: '0', memory: '512M' }, { memory: '256M' }),
      'a word': resources({ cpus: 'all', memory: '512M' }, { memory: '256M' }),
      'a single host’s key alone': {
        stack: (_, service) =>
          Object.assign(service, { cpus: 1, deploy: { labels: { [label]: '/Run/Std/acme' } } }),
      },
      'only in a service that extends it behind a profile': stack(({ services }) => {
        services['web-limited'] = { ...services.web, profiles: ['limited'] }
        services.web = { ...services.web, deploy: { labels: { [label]: '/Run/Std/acme' } } }
      }),
    },
    passes: { 'a number': resources({ cpus: 0.25, memory: '512M' }, { cpus: 0.1, memory: '256M' }) },
  },
  'limits/no-memory-limit': {
    fails: {
      'none at all': resources({ cpus: '1' }, { cpus: '0.5' }),
      'a negative amount': resources({ cpus: '1', memory: '-1' }, { cpus: '0.5' }),
    },
    passes: {
      'a number of bytes': resources({ cpus: '1', memory: 536870912 }, { cpus: '0.5', memory: '256mb' }),
    },
  },
  'limits/cpu-above-envelope': {
    fails: {
      'more than the largest host': {
        ...resources({ cpus: '8.5', memory: '1G' }, { cpus: '1', memory: '256M' }),
        tenant: { size: 'xlarge' },
      },
      'more than the quota': {
        ...resources({ cpus: '3', memory: '1G' }, { cpus: '1', memory: '256M' }),
        tenant: { quota: { cpu: '2' } },
      },
      'more than the cluster lets a container have': {
        ...resources({ cpus: '3', memory: '1G' }, { cpus: '1', memory: '256M' }),
        cluster: { compliance: { container: { cpu: '2500m' } } },
      },
    },
    passes: { 'all of a host': resources({ cpus: '4', memory: '1G' }, { cpus: '1', memory: '256M' }) },
  },
  'limits/memory-above-envelope': {
    fails: {
      'more than the largest host': {
        ...resources({ cpus: '1', memory: '33G' }, { cpus: '0.5', memory: '1G' }),
        tenant: { size: 'xlarge' },
      },
    },
    passes: { 'half of a host': resources({ cpus: '1', memory: '16G' }, { cpus: '0.5', memory: '1G' }) },
  },
  'limits/reservation': {
    fails: {
      'nothing reserved': resources({ cpus: '1', memory: '512M' }, {}),
      'more than the limit': resources({ cpus: '1', memory: '512M' }, { cpus: '2', memory: '256M' }),
      'all of the limit where hardware is shared': resources(
        { cpus: '1', memory: '512M' },
        { cpus: '1', memory: '256M' },
      ),
      'less than the limit where the policy is safe': { tenant: { reservation: 'safe' } },
    },
    passes: {
      'all of the limit where the policy is safe': {
        ...resources({ cpus: '1', memory: '512M' }, { cpus: '1', memory: '512M' }),
        tenant: { reservation: 'safe' },
      },
      'what it needs where the policy is minimum': {
        ...resources({ cpus: '1', memory: '512M' }, { cpus: '0.05', memory: '64M' }),
        tenant: { reservation: 'minimum' },
      },
    },
  },
  'limits/ignored-by-swarm': {
    fails: {
      cpus: web({ cpus: 1 }),
      mem_limit: web({ mem_limit: '512m' }),
      pids_limit: web({ pids_limit: 5 }),
    },
    passes: {
      'pids where the swarm reads them': deploy({
        resources: {
          limits: { cpus: '1', memory: '512M', pids: 100 },
          reservations: { cpus: '0.5', memory: '256M' },
        },
      }),
    },
  },
  // Fails in two files alone: see evasion-cases.ts, and rules.test.ts.
  'limits/behind-a-profile': {
    fails: {},
    passes: { 'profile and limit in one file': web({ profiles: ['x'] }) },
  },
  'quota/cpu': {
    fails: {
      'the stack alone': deploy({ replicas: 9 }),
      'the stack beside what runs': { ...deploy({ replicas: 4 }), ...running({ containers: 5 }) },
      'one on every node': { ...deploy({ mode: 'global' }), tenant: { quota: { cpu: '3' } } },
      'what builds count too': {
        ...deploy({ replicas: 4 }),
        ...running({ collection: '/Build/Std/acme', containers: 5 }),
        tenant: { offers: { 'run/std': {}, 'build/std': {} } },
      },
    },
    passes: {
      'what another tenant runs': {
        ...deploy({ replicas: 4 }),
        ...running({ collection: '/Run/Std/other', containers: 50 }),
      },
      'what the stack replaces': { ...deploy({ replicas: 8 }), ...running({ stack: 'shop', containers: 8 }) },
    },
  },
  'quota/memory': {
    fails: { 'the stack beside what runs': running({ containers: 1, memoryLimitBytes: 32 * 1024 ** 3 }) },
    passes: { 'to the last byte': running({ containers: 31 - 0, cpuLimitMillis: 0 }) },
  },
  'quota/containers': {
    fails: { 'too many of others': running({ containers: 39, cpuLimitMillis: 0, memoryLimitBytes: 0 }) },
    passes: { 'just as many': running({ containers: 38, cpuLimitMillis: 0, memoryLimitBytes: 0 }) },
  },
  'quota/usage-unknown': { fails: { 'nobody told': { running: 'unknown' } }, passes: { 'nothing runs': {} } },
  'root/user': {
    fails: {
      name: web({ user: 'root' }),
      number: web({ user: 0 }),
      'number as text': web({ user: '0' }),
      'with leading zeros': web({ user: '000:1000' }),
      'with a sign': web({ user: '-0' }),
      'with a group': web({ user: 'root:shop' }),
      'another name of uid 0': {
        ...web({ user: 'toor' }),
        facts: (image) => {
          image.uidZeroNames = ['root', 'toor']
        },
      },
      'in a hook': web({ post_start: [{ command: 'id', user: 'root' }] }),
      'a group alone': web({ user: ':1000' }),
    },
    passes: {
      'a name that is no root': web({ user: 'rooty' }),
      'a large number': web({ user: '1000:1000' }),
    },
  },
  'root/root-group': {
    fails: {
      number: web({ user: '1000:0' }),
      name: web({ user: 'shop:root' }),
      zeros: web({ user: '1000:00' }),
      'added as a number': web({ group_add: [0] }),
      'added by name': web({ group_add: ['audio', 'root'] }),
    },
    passes: { 'no group': web({ user: '1000' }), 'another one added': web({ group_add: ['1000', 'audio'] }) },
  },
  'root/image-user': {
    fails: {
      'no user in the image': {
        ...without('user'),
        facts: (image) => {
          image.user = { declared: '', uid: 0, gid: 0 }
        },
      },
      'uid 0 under another name': {
        ...without('user'),
        facts: (image) => {
          image.user = { declared: 'toor', uid: 0, gid: 0 }
        },
      },
      'a user that the image does not have': {
        ...without('user'),
        facts: (image) => {
          image.user = { declared: 'nobody-knows' }
        },
      },
    },
    passes: {
      'root in the image, another in the file': facts((image) => {
        image.user = { declared: '', uid: 0, gid: 0 }
      }),
      'the image’s own user': without('user'),
    },
  },
  'root/privileged': {
    fails: {
      yes: web({ privileged: true }),
      'a word': web({ privileged: 'yes' }),
      'in a hook': web({ pre_stop: [{ command: 'x', privileged: true }] }),
    },
    passes: { no: web({ privileged: false }) },
  },
  'root/capabilities-added': {
    fails: {
      one: web({ cap_add: ['NET_ADMIN'] }),
      all: web({ cap_add: ['ALL'] }),
      'in lower case': web({ cap_add: ['sys_admin'] }),
      'by its whole name': web({ cap_add: ['CAP_SYS_PTRACE'] }),
    },
    passes: { dropped: web({ cap_drop: ['ALL'] }) },
  },
  'root/no-new-privileges-missing': {
    fails: {
      missing: without('security_opt'),
      'switched off': web({ security_opt: ['no-new-privileges:false'] }),
      'switched off after': web({ security_opt: ['no-new-privileges:true', 'no-new-privileges=false'] }),
    },
    passes: {
      'the option alone': web({ security_opt: ['no-new-privileges'] }),
      'with an equals sign': web({ security_opt: ['no-new-privileges=true'] }),
    },
  },
  'root/profile-off': {
    fails: {
      seccomp: web({ security_opt: ['no-new-privileges', 'seccomp:unconfined'] }),
      'a seccomp profile of one’s own': web({ security_opt: ['no-new-privileges', 'seccomp=./all.json'] }),
      apparmor: web({ security_opt: ['no-new-privileges', 'apparmor=unconfined'] }),
      selinux: web({ security_opt: ['no-new-privileges', 'label:disable'] }),
      'a type of selinux that confines nothing': web({
        security_opt: ['no-new-privileges', 'label=type:spc_t'],
      }),
      'control groups that may be written': web({
        security_opt: ['no-new-privileges', 'writable-cgroups=true'],
      }),
      systempaths: web({ security_opt: ['no-new-privileges', 'systempaths=unconfined'] }),
    },
    passes: {
      'a profile of apparmor': web({ security_opt: ['no-new-privileges', 'apparmor=docker-default'] }),
    },
  },
  'root/set-uid': {
    fails: {
      'in the image': rootPath('set-uid', '/usr/bin/newgrp'),
      'hidden in an earlier layer, then deleted': rootPath('set-uid', '/usr/bin/su', { inMergedView: false }),
    },
    passes: { 'another kind': rootPath('set-gid', '/usr/bin/wall') },
  },
  'root/set-gid': {
    fails: { 'in the image': rootPath('set-gid', '/usr/bin/wall', { mode: 0o2755 }) },
    passes: { none: {} },
  },
  'root/file-capability': {
    fails: {
      'in the image': rootPath('file-capability', '/usr/bin/ping', {
        mode: 0o755,
        capabilities: 'cap_net_raw+ep',
      }),
    },
    passes: { none: {} },
  },
  'root/escalation-tool': {
    fails: { sudo: rootPath('escalation-tool', '/usr/bin/sudo') },
    passes: { none: {} },
  },
  'root/writable-account-file': {
    fails: { passwd: rootPath('writable-account-file', '/etc/passwd', { mode: 0o664 }) },
    passes: { none: {} },
  },
  'root/uid-zero-name': {
    fails: {
      'a second account': facts((image) => {
        image.uidZeroNames = ['root', 'toor']
      }),
    },
    passes: {
      'no account at all': facts((image) => {
        image.uidZeroNames = []
      }),
    },
  },
  'host/namespace': {
    fails: {
      pid: web({ pid: 'host' }),
      ipc: web({ ipc: 'host' }),
      uts: web({ uts: 'host' }),
      userns_mode: web({ userns_mode: 'host' }),
      network_mode: web({ network_mode: 'host' }),
      cgroup: web({ cgroup: 'host' }),
      'of another container': web({ pid: 'container:db' }),
      'the network of the host': stack(({ networks, services }) => {
        networks.hostnet = { external: true, name: 'host' }
        Object.assign(services.web ?? {}, { networks: ['hostnet'] })
      }),
      'the network of the host by its name alone': web({ networks: ['host'] }),
    },
    passes: { private: web({ ipc: 'private' }), 'of its own stack': web({ pid: 'service:db' }) },
  },
  'host/docker-socket': {
    fails: {
      short: web({ volumes: ['/var/run/docker.sock:/var/run/docker.sock'] }),
      long: web({ volumes: [{ type: 'bind', source: '/run/docker.sock', target: '/s' }] }),
      'its folder': web({ volumes: ['/var/run:/host'] }),
      'the root of the host': web({ volumes: ['/:/host:ro'] }),
      'round a corner': web({ volumes: ['/var//run/../run/./docker.sock:/s'] }),
      'a named volume that is its folder': stack(({ volumes }) => {
        volumes.run = { driver_opts: { type: 'none', o: 'bind', device: '/var/run' } }
      }),
      'bind behind the name of a remote file system': stack(({ volumes }) => {
        volumes.run = { driver_opts: { type: 'nfs', o: 'rw,bind', device: '/run' } }
      }),
      'a named pipe': web({ volumes: ['\\\\.\\pipe\\docker_engine:\\\\.\\pipe\\docker_engine'] }),
      'asked for by its own key': web({ use_api_socket: true }),
    },
    passes: { 'a volume of that name': web({ volumes: ['data:/var/run/shop'] }) },
  },
  'host/mount': {
    fails: {
      short: web({ volumes: ['/etc/ssl:/etc/ssl:ro'] }),
      relative: web({ volumes: ['./config:/etc/shop'] }),
      'of the home': web({ volumes: ['~/x:/x'] }),
      long: web({ volumes: [{ type: 'bind', source: '/opt', target: '/opt' }] }),
      'without its type': web({ volumes: [{ source: '/opt', target: '/opt' }] }),
      'a drive of Windows': web({ volumes: ['C:\\data:/data'] }),
      'a disk as a named volume': stack(({ volumes }) => {
        volumes.disk = { driver: 'local', driver_opts: { type: 'ext4', device: '/dev/sda1' } }
      }),
      'whatever another container has': web({ volumes_from: ['container:db'] }),
    },
    passes: { tmpfs: web({ volumes: [{ type: 'tmpfs', target: '/tmp' }] }), 'a named volume': {} },
  },
  'host/device': {
    fails: {
      devices: web({ devices: ['/dev/sda:/dev/sda'] }),
      rules: web({ device_cgroup_rules: ['b 8:* rmw'] }),
      reserved: deploy({
        resources: {
          limits: { cpus: '1', memory: '512M' },
          reservations: { cpus: '0.5', memory: '256M', devices: [{ capabilities: ['gpu'] }] },
        },
      }),
      gpus: web({ gpus: 'all' }),
    },
    passes: { none: web({ devices: [] }) },
  },
  'host/cgroup': {
    fails: {
      parent: web({ cgroup_parent: '/system.slice' }),
      'no fear': web({ oom_score_adj: -900 }),
      'never killed': web({ oom_kill_disable: true }),
    },
    passes: { 'more fear': web({ oom_score_adj: 500 }) },
  },
  'host/sysctl': {
    fails: {
      'a program that the kernel runs': web({ sysctls: { 'kernel.core_pattern': '|/evil' } }),
      'as a list': web({ sysctls: ['vm.overcommit_memory=1'] }),
      'with slashes': web({ sysctls: { 'kernel/panic': 1 } }),
      'a name that begins alike': web({ sysctls: { 'kernel.shmmax2': 1 } }),
    },
    passes: {
      'of its own network': web({ sysctls: { 'net.core.somaxconn': 1024 } }),
      'of its own memory': web({ sysctls: ['kernel.shmmax=68719476736', 'fs.mqueue.msg_max=100'] }),
    },
  },
  'image/unnamed': {
    fails: {
      built: {
        stack: (_, service) => {
          delete service.image
          service.build = '.'
        },
      },
      'no reference': web({ image: 'Not An Image' }),
    },
    passes: { 'a digest': web({ image: `registry.nonprod.example/acme/shop@${digest}` }) },
  },
  'image/registry': {
    fails: {
      'the Hub': web({ image: 'nginx:1.27' }),
      elsewhere: web({ image: 'evil.example/acme/shop:1' }),
      'a name that begins alike': web({ image: 'registry.nonprod.example.evil.com/acme/shop:1' }),
      'beside an allowed path': {
        ...web({ image: 'mirror.example/library-evil/nginx:1' }),
        cluster: { compliance: { registries: ['mirror.example/library'] } },
      },
    },
    passes: {
      'an allowed path': {
        ...web({ image: 'mirror.example/library/nginx:1' }),
        cluster: { compliance: { registries: ['mirror.example/library'] } },
      },
    },
  },
  'image/repository': {
    fails: {
      'another tenant’s': web({ image: 'registry.nonprod.example/other/shop:1' }),
      'one that the file does not name': web({ image: 'registry.nonprod.example/acme/secret-tool:1' }),
    },
    passes: {
      'the platform’s': web({ image: 'registry.nonprod.example/platform/base:1' }),
      'a released one': web({ image: 'registry.nonprod.example/acme/shop-prod:1' }),
    },
  },
  'image/moving-tag': {
    fails: {
      none: web({ image: 'registry.nonprod.example/acme/shop' }),
      latest: web({ image: 'registry.nonprod.example/acme/shop:latest' }),
      'a branch': web({ image: 'registry.nonprod.example/acme/shop:main' }),
      'a snapshot': web({ image: 'registry.nonprod.example/acme/shop:1.5.0-SNAPSHOT' }),
    },
    passes: {
      'latest with a digest': web({ image: `registry.nonprod.example/acme/shop:latest@${digest}` }),
      'a version': {},
    },
  },
  'image/not-read': { fails: { 'nobody read it': { images: 'none' } }, passes: { read: {} } },
  'image/not-whole': {
    fails: {
      'a damaged layer': facts((image) => {
        image.gaps = [{ about: 'layer', layer: 1, reason: 'its tar ends early' }]
      }),
    },
    passes: { whole: {} },
  },
  'image/unsigned': {
    fails: {
      unsigned: {
        ...facts((image) => {
          image.trust = { state: 'unsigned' }
        }),
        ...signedCluster,
      },
      'not known': {
        ...facts((image) => {
          image.trust = { state: 'unknown', reason: 'notary did not answer' }
        }),
        ...signedCluster,
      },
      'another digest': {
        ...facts((image) => {
          image.trust = {
            state: 'signed',
            digest: `sha256:${'00'.repeat(32)}`,
            signers: ['targets/operations', 'targets/security'],
          }
        }),
        ...signedCluster,
      },
      'a team is missing': {
        ...facts((image) => {
          image.trust = { state: 'signed', digest, signers: ['targets/security'] }
        }),
        ...signedCluster,
      },
    },
    passes: {
      'signed by all': signedCluster,
      'where nobody asks': facts((image) => {
        image.trust = { state: 'unsigned' }
      }),
    },
  },
  'scan/none': {
    fails: {
      'no report': { scans: 'none' },
      'of another image': {
        scan: (scan) => {
          scan.image = 'registry.nonprod.example/acme/other:1'
          scan.digests = []
        },
      },
    },
    passes: {
      'by name alone, as DTR': {
        scan: (scan) => {
          scan.image = 'acme/shop:1.4.2'
          scan.digests = []
        },
      },
    },
  },
  'scan/other-image': {
    fails: {
      'another digest': {
        scan: (scan) => {
          scan.digests = [`sha256:${'00'.repeat(32)}`]
        },
      },
    },
    passes: {
      'the configuration’s digest': {
        scan: (scan) => {
          scan.digests = [`sha256:${'91'.repeat(32)}`]
        },
      },
    },
  },
  'scan/incomplete': {
    fails: {
      'goes on': {
        scan: (scan) => {
          scan.unfinished = 'it goes on still'
        },
      },
    },
    passes: { ended: {} },
  },
  'scan/too-old': {
    fails: {
      old: {
        scan: (scan) => {
          scan.scannedAt = '2026-10-01T00:00:00Z'
        },
      },
      'no date': {
        scan: (scan) => {
          scan.scannedAt = undefined
        },
      },
      'still to come': {
        scan: (scan) => {
          scan.scannedAt = '2027-10-01T00:00:00Z'
        },
      },
      'older than the cluster allows': { cluster: { compliance: { scanMaxAgeDays: 1 } } },
    },
    passes: { recent: {} },
  },
  'scan/over-ceiling': {
    fails: {
      'one critical': vulnerabilities('critical'),
      'more than the tenant bears': {
        ...vulnerabilities('high'),
        tenant: { compliance: { ceilings: { high: 0 } } },
      },
      'counted alone': {
        scan: (scan) => {
          scan.counted = [{ severities: ['critical', 'high'], count: 11 }]
        },
      },
      'a tenant cannot raise what the cluster bears': {
        ...vulnerabilities('critical'),
        tenant: { compliance: { ceilings: { critical: 100 } } },
      },
    },
    passes: {
      'ten high': vulnerabilities(...Array.from({ length: 10 }, () => 'high' as const)),
      'counted within both ceilings': {
        scan: (scan) => {
          scan.counted = [{ severities: ['critical', 'high'], count: 10 }]
        },
      },
      'any number of low': vulnerabilities(...Array.from({ length: 200 }, () => 'low' as const)),
    },
  },
  'malware/found': {
    fails: {
      'in an archive in an archive': scannedFacts({
        findings: [
          {
            path: '/opt/app.jar!/lib/x.zip!/eicar.com',
            layer: 0,
            inMergedView: true,
            signature: 'Eicar-Signature',
          },
        ],
      }),
      'deleted later': scannedFacts({
        findings: [{ path: '/tmp/x', layer: 0, inMergedView: false, signature: 'Eicar-Signature' }],
      }),
    },
    passes: { clean: {} },
  },
  'malware/not-scanned': {
    fails: {
      'no scanner': facts((image) => {
        image.malware = { state: 'not-scanned', reason: 'clamd does not answer' }
      }),
    },
    passes: { scanned: {} },
  },
  'malware/skipped-files': {
    fails: { 'too large': scannedFacts({ skipped: [{ path: '/big', layer: 0, reason: 'too large' }] }) },
    passes: { all: {} },
  },
  'malware/old-signatures': {
    fails: {
      old: scannedFacts({ signaturesFrom: '2026-11-01T00:00:00Z' }),
      'no date': facts((image) => {
        if (image.malware.state === 'scanned') {
          const { signaturesFrom: _, ...rest } = image.malware
          image.malware = rest
        }
      }),
    },
    passes: { recent: {} },
  },
  'secret/in-environment': {
    fails: {
      'by its name': inEnvironment({ DB_PASSWORD: 'hunter2' }),
      'as a list': web({ environment: ['API_TOKEN=abcdef123456'] }),
      'in camel case': inEnvironment({ 'spring.datasource.dbPassword': 'hunter2' }),
      'in an address': inEnvironment({ DATABASE_URL: 'postgres://shop:hunter2@db/shop' }),
      'in a connection string': inEnvironment({ CONNECTION: 'Server=db;User=shop;Password=hunter2;' }),
      'a private key': inEnvironment({
        CERT: '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
      }),
      'under an innocent name': inEnvironment({ COLOUR: `AKIA${'ABCDEFGH23456789'}` }),
      'a build argument': web({ build: { context: '.', args: { NPM_TOKEN: 'abcdef123456' } } }),
    },
    passes: {
      'a file of a secret': inEnvironment({
        DB_PASSWORD_FILE: '/run/secrets/db',
        DB_PASSWORD: '/run/secrets/db',
      }),
      'about secrets': inEnvironment({
        TOKEN_TTL: '3600',
        PASSWORD_MIN_LENGTH: '12',
        SECRET_NAME: 'database',
        TOKEN_URL: 'https://id.bank.example/token',
      }),
      'taken from the environment': web({ environment: ['DB_PASSWORD'] }),
      'a reference': inEnvironment({ DB_PASSWORD: 'vault:orgs/acme/data/apps/shop#database' }),
    },
  },
  'secret/in-label': {
    fails: {
      'of a container': web({ labels: { 'app.api-key': 'abcdef123456' } }),
      'of a service': deploy({
        labels: { [label]: '/Run/Std/acme', 'traefik.basicauth.password': 'hunter2' },
      }),
      'of a volume': stack(
        ({ volumes }) => void Object.assign(volumes.data ?? {}, { labels: ['token=abcdef123456'] }),
      ),
    },
    passes: { innocent: web({ labels: { 'bank.team': 'shop' } }) },
  },
  'secret/in-command': {
    fails: {
      'an option with its value': web({ command: ['serve', '--db-password=hunter2'] }),
      'an option and its value': web({ command: ['serve', '--password', 'hunter2'] }),
      'one text': web({ command: 'serve --api-token abcdef123456' }),
      'the entry point': web({ entrypoint: ['sh', '-c', 'curl https://u:hunter2@api/'] }),
      'the health check': web({
        healthcheck: { test: 'curl -H "Authorization: Bearer abcdefghijklmnop1234" http://localhost' },
      }),
      'a hook': web({ post_start: [{ command: ['x', '--secret-key=abcdef123456'] }] }),
    },
    passes: {
      'a file': web({
        command: ['serve', '--password-file', '/run/secrets/db', '--token', '/run/secrets/token'],
      }),
    },
  },
  'secret/in-file': {
    fails: {
      'a config': stack(({ configs }) => {
        configs.app = {
          content: 'spring.url=jdbc:mysql://u:hunter2@db/x',
          labels: { [label]: '/Shared/Private/acme' },
        }
      }),
      'a secret in clear': stack(({ secrets }) => {
        secrets.db = { content: 'hunter2', labels: { [label]: '/Shared/Private/acme' } }
      }),
      'an option of a volume': stack(({ volumes }) => {
        volumes.data = {
          name: 'acme-data',
          labels: { [label]: '/Shared/Private/acme' },
          driver_opts: { type: 'cifs', o: 'addr=files,username=x,password=hunter2', device: '//files/x' },
        }
      }),
      'an option of logging': web({
        logging: { driver: 'splunk', options: { 'splunk-token': 'abcdef123456' } },
      }),
    },
    passes: {
      'a plain config': stack(({ configs }) => {
        configs.app = { content: 'level=info', labels: { [label]: '/Shared/Private/acme' } }
      }),
    },
  },
  'secret/in-image': {
    fails: {
      environment: facts((image) => {
        image.configuration = { ...image.configuration, environment: ['DB_PASSWORD=hunter2'] }
      }),
      label: facts((image) => {
        image.configuration = { ...image.configuration, labels: { token: 'abcdef123456' } }
      }),
    },
    passes: { plain: {} },
  },
  'network/not-the-tenants': {
    fails: {
      'another tenant’s': stack(({ networks }) => {
        networks.backend = { external: true, name: 'other-backend' }
      }),
      'the old form': stack(({ networks }) => {
        networks.backend = { external: { name: 'other-backend' } }
      }),
      'a driver of its own': stack(({ networks }) => {
        networks.wire = { driver: 'macvlan', labels: { [label]: '/Shared/Private/acme' } }
      }),
      'another application’s': {
        ...stack(({ networks }) => {
          networks.backend = { external: true, name: 'acme-ledger' }
        }),
        application: 'shop',
      },
    },
    passes: {
      'an overlay of the stack': stack(({ networks }) => {
        networks.inner = { labels: { [label]: '/Shared/Private/acme/shop' } }
      }),
    },
  },
  'volume/not-the-tenants': {
    fails: {
      'another tenant’s': stack(({ volumes }) => {
        volumes.data = { external: true, name: 'other-data' }
      }),
      'on the disk of a host': stack(({ volumes }) => {
        volumes.cache = { labels: { [label]: '/Shared/Private/acme' } }
      }),
      'without a name': web({ volumes: ['/var/lib/shop'] }),
    },
    passes: {
      'made by the stack under the tenant’s name': stack(({ volumes }) => {
        volumes.data = { name: 'acme-data', labels: { [label]: '/Shared/Private/acme' } }
      }),
    },
  },
  'secret/not-the-tenants': {
    fails: {
      'another tenant’s': stack(({ secrets }) => {
        secrets.x = { external: true, name: 'other-app-shop-role-id' }
      }),
    },
    passes: {
      'one that the stack makes': stack(({ secrets }) => {
        secrets.x = { file: './x', labels: { [label]: '/Shared/Private/acme' } }
      }),
    },
  },
  'port/not-the-tenants': {
    fails: {
      fixed: web({ ports: ['80:8080'] }),
      'chosen by the swarm': web({ ports: ['8443'] }),
      long: web({ ports: [{ target: 80, published: 81 }] }),
      'a range that leads out': web({ ports: ['8445-8455:8445-8455'] }),
      unreadable: web({ ports: ['x:y'] }),
    },
    passes: {
      'a range': web({ ports: ['8443-8445:8443-8445'] }),
      long: web({ ports: [{ target: 80, published: '8444' }] }),
      'on an address': web({ ports: ['127.0.0.1:8443:8443'] }),
    },
  },
  'port/host-mode': {
    fails: {
      host: web({ ports: [{ target: 80, published: 8443, mode: 'host' }] }),
      'in capitals, which the swarm takes too': web({
        ports: [{ target: 80, published: 8443, mode: 'HOST' }],
      }),
    },
    passes: { ingress: web({ ports: [{ target: 80, published: 8443, mode: 'ingress' }] }) },
  },
  'port/taken': {
    fails: {
      'by what runs': running({ publishedPorts: ['8443/tcp'], collection: '/Run/Std/other' }),
      'twice in the stack': web({ ports: ['8443:1', '8443:2'] }),
      'within a range': {
        ...web({ ports: ['8443-8445:8443-8445'] }),
        ...running({ publishedPorts: ['8444/tcp'] }),
      },
    },
    passes: {
      'by itself before': running({ stack: 'shop', publishedPorts: ['8443/tcp'] }),
      'another protocol': running({ publishedPorts: ['8443/udp'] }),
    },
  },
  'access/no-label': {
    fails: {
      'a service': withoutDeploy('labels'),
      'a container’s label is none': {
        stack: (_, service) => {
          service.labels = { [label]: '/Run/Std/acme' }
          delete (service.deploy as Record<string, unknown>).labels
        },
      },
      'a network of the stack': stack(({ networks }) => {
        networks.inner = {}
      }),
      'the network that nobody mentions': without('networks'),
      'a secret': stack(({ secrets }) => {
        secrets.x = { file: './x' }
      }),
    },
    passes: {
      'labels as a list': deploy({ labels: [`${label}=/Run/Std/acme/shop`] }),
      'the default network with its label': {
        stack: ({ networks }, service) => {
          delete service.networks
          networks.default = { labels: { [label]: '/Shared/Private/acme' } }
        },
      },
    },
  },
  'access/foreign-label': {
    fails: {
      'another tenant’s': deploy({ labels: { [label]: '/Run/Std/other' } }),
      'a name that begins alike': deploy({ labels: { [label]: '/Run/Std/acme-evil' } }),
      'the platform’s': deploy({ labels: { [label]: '/System' } }),
      'another application’s': {
        ...deploy({ labels: { [label]: '/Run/Std/acme/ledger' } }),
        application: 'shop',
      },
    },
    passes: { 'the application’s': { application: 'shop' } },
  },
  'run/no-health-check': {
    fails: {
      missing: without('healthcheck'),
      off: web({ healthcheck: { disable: true } }),
      NONE: web({ healthcheck: { test: ['NONE'] } }),
      'off though the image has one': {
        ...web({ healthcheck: { disable: true } }),
        facts: (image) => {
          image.configuration = { ...image.configuration, healthCheck: true }
        },
      },
    },
    passes: {
      'the image’s': {
        ...without('healthcheck'),
        facts: (image) => {
          image.configuration = { ...image.configuration, healthCheck: true }
        },
      },
      'a job': {
        stack: (_, service) => {
          delete service.healthcheck
          Object.assign(service.deploy as object, { mode: 'replicated-job' })
        },
      },
    },
  },
  'run/no-update-policy': {
    fails: {
      missing: withoutDeploy('update_config'),
      'goes on': deploy({ update_config: { failure_action: 'continue' } }),
      'all at once': deploy({ update_config: { parallelism: 0 } }),
    },
    passes: { pauses: deploy({ update_config: { failure_action: 'pause' } }) },
  },
  'run/no-restart-policy': {
    fails: {
      missing: withoutDeploy('restart_policy'),
      never: deploy({ restart_policy: { condition: 'none' } }),
    },
    passes: { always: deploy({ restart_policy: { condition: 'any' } }) },
  },
  'run/no-log-driver': {
    fails: { missing: without('logging'), none: web({ logging: { driver: 'none' } }) },
    passes: { gelf: web({ logging: { driver: 'gelf' } }) },
  },
  'input/unresolved-variable': {
    fails: {
      image: web({ image: `registry.nonprod.example/acme/shop:${'$'}{TAG}` }),
      'a port': web({ ports: [`${'$'}PORT:80`] }),
      'a mount': web({ volumes: [{ type: 'bind', source: `${'$'}{HOME}`, target: '/x' }] }),
    },
    passes: { 'a shell’s own in a command': web({ command: ['sh', '-c', `echo ${'$'}HOME`] }) },
  },
  'tenant/not-at-work': {
    fails: { draining: { tenant: { lifecycle: 'draining' } }, frozen: { tenant: { lifecycle: 'frozen' } } },
    passes: { active: { tenant: { lifecycle: 'active' } } },
  },
}
