import { defineCluster } from '../src/cluster/define.ts'

export default defineCluster({
  cluster: 'nonprod',
  stage: 'nonprod',
  tenancy: { kind: 'shared' },
  endpoints: {
    ucp: 'https://ucp.nonprod.bank.example',
    registry: 'https://registry.nonprod.bank.example',
    vault: 'https://vault.nonprod.bank.example',
    vcenter: 'https://vcenter.nonprod.bank.example',
    jenkinsDomain: 'ci.nonprod.bank.example',
  },
  vsphere: {
    datacenter: 'DC0',
    computeCluster: 'DC0_C0',
    datastore: 'LocalDS_0',
    network: 'VM Network',
    distributedSwitch: 'DVS0',
    folder: 'tenantry-nonprod',
  },
  machines: {
    standard: { cpus: 16, memory: '64Gi', disk: '200Gi', template: 'swarm-node-template' },
    large: { cpus: 32, memory: '256Gi', disk: '400Gi', template: 'swarm-node-template' },
  },
  pools: {
    std: { offer: 'run/std', machine: 'standard', min: 2, max: 24 },
    build: { offer: 'build/std', machine: 'standard', min: 1, max: 8 },
  },
  dedicatedPools: { machines: ['standard', 'large'], perOrganization: 6, total: 24 },
  swarm: {
    managers: ['10.60.0.11:2377', '10.60.0.12:2377', '10.60.0.13:2377'],
    joinToken: 'swarm/nonprod',
  },
  storage: {
    nfs: {
      kind: 'nfs',
      server: 'nfs.nonprod.bank.example',
      export: '/exports/tenantry',
      options: ['nfsvers=4.1', 'hard'],
    },
    cifs: {
      kind: 'cifs',
      server: 'files.nonprod.bank.example',
      share: 'tenantry',
      credentials: 'storage/cifs',
      options: ['vers=3.1.1'],
    },
    netapp: {
      kind: 'netapp',
      driver: 'netapp:latest',
      svm: 'svm-nonprod',
      aggregate: 'aggr1',
    },
    scality: {
      kind: 'scality',
      driver: 'rexray/s3fs:0.11',
      endpoint: 'https://s3.nonprod.bank.example',
      region: 'eu-central',
      credentials: 'storage/scality',
    },
  },
  overlaySpace: ['10.64.0.0/14'],
  vlans: {
    partners: { id: 1180, parent: 'ens224.1180', subnet: '10.80.0.0/20', gateway: '10.80.0.1' },
    markets: { id: 1181, parent: 'ens224.1181', subnet: '10.80.16.0/20', gateway: '10.80.16.1' },
  },
  publicPool: {
    vlan: 1189,
    parent: 'ens256.1189',
    subnet: '203.0.113.0/24',
    gateway: '203.0.113.1',
    reserved: ['203.0.113.0/28'],
  },
  jenkins: {
    controllerImage: 'platform/jenkins-controller:2.462.3',
    agentImage: 'platform/jenkins-agent:3283',
    subnet: '10.72.0.0/16',
  },
  capacity: { cpu: '512', memory: '2048Gi', storage: '32Ti', containers: 2400 },
  ldap: { groupMemberAttribute: 'member' },
  removeDefaultSchedulerGrant: true,
  contentTrust: { required: false, signers: {} },
  thresholds: {
    pause: { loadPercent: 80, memoryPercent: 80 },
    resume: { loadPercent: 75, memoryPercent: 75 },
    cluster: { pausedPercent: 75, loadPercent: 75, memoryPercent: 75 },
  },
  prices: { currency: 'EUR', cpuHour: 0.031, memoryGiBHour: 0.004, storageGiBMonth: 0.09, vmHour: 0.42 },
})
