import { defineCluster } from '../src/cluster/define.ts'

export default defineCluster({
  cluster: 'prod',
  stage: 'prod',
  tenancy: { kind: 'shared' },
  endpoints: {
    ucp: 'https://ucp.prod.bank.example',
    registry: 'https://registry.prod.bank.example',
    vault: 'https://vault.prod.bank.example',
    vcenter: 'https://vcenter.prod.bank.example',
    jenkinsDomain: 'ci.prod.bank.example',
  },
  vsphere: {
    datacenter: 'DC0',
    computeCluster: 'DC0_C1',
    datastore: 'LocalDS_0',
    network: 'VM Network',
    distributedSwitch: 'DVS0',
    folder: 'tenantry-prod',
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
    managers: ['10.62.0.11:2377', '10.62.0.12:2377', '10.62.0.13:2377'],
    joinToken: 'swarm/prod',
  },
  storage: {
    nfs: {
      kind: 'nfs',
      server: 'nfs.prod.bank.example',
      export: '/exports/tenantry',
      options: ['nfsvers=4.1', 'hard'],
    },
    cifs: {
      kind: 'cifs',
      server: 'files.prod.bank.example',
      share: 'tenantry',
      credentials: 'storage/cifs',
      options: ['vers=3.1.1'],
    },
    netapp: {
      kind: 'netapp',
      driver: 'netapp:latest',
      svm: 'svm-prod',
      aggregate: 'aggr1',
    },
    scality: {
      kind: 'scality',
      driver: 'rexray/s3fs:0.11',
      endpoint: 'https://s3.prod.bank.example',
      region: 'eu-central',
      credentials: 'storage/scality',
    },
  },
  overlaySpace: ['10.64.0.0/14'],
  vlans: {
    partners: { id: 2180, parent: 'ens224.2180', subnet: '10.81.0.0/20', gateway: '10.81.0.1' },
    markets: { id: 2181, parent: 'ens224.2181', subnet: '10.81.16.0/20', gateway: '10.81.16.1' },
  },
  publicPool: {
    vlan: 2189,
    parent: 'ens256.2189',
    subnet: '198.51.100.0/24',
    gateway: '198.51.100.1',
    reserved: ['198.51.100.0/28'],
  },
  jenkins: {
    controllerImage: 'platform/jenkins-controller:2.462.3',
    agentImage: 'platform/jenkins-agent:3283',
    subnet: '10.72.0.0/16',
  },
  capacity: { cpu: '512', memory: '2048Gi', storage: '32Ti', containers: 2400 },
  ldap: { groupMemberAttribute: 'member' },
  removeDefaultSchedulerGrant: true,
  contentTrust: { required: true, signers: { security: 'CN=PLT-Signers,OU=Groups,DC=bank,DC=example' } },
  registryWebhook: 'https://hooks.bank.example/registry',
  thresholds: {
    pause: { loadPercent: 80, memoryPercent: 80 },
    resume: { loadPercent: 75, memoryPercent: 75 },
    cluster: { pausedPercent: 75, loadPercent: 75, memoryPercent: 75 },
  },
  prices: { currency: 'EUR', cpuHour: 0.031, memoryGiBHour: 0.004, storageGiBMonth: 0.09, vmHour: 0.42 },
})
