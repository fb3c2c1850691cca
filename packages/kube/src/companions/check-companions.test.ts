import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  apiServerManifest,
  bootstrapPair,
  encryptedSecret,
  encryptionConfiguration,
  encryptionSecret,
  factsOf,
  type NodeFiles,
  password,
  pkiFiles,
} from '../testing/clusters.ts';
import { type Openssl, startOpenssl } from '../testing/openssl.ts';
import { checkCompanions } from './check-companions.ts';
import type { CompanionFinding, CompanionSet } from './finding.ts';

/** A set of companions and the reason for what is expected of it; the findings are in golden/. */
interface Scenario {
  readonly why: string;
  readonly set: () => Promise<CompanionSet> | CompanionSet;
}

const now = new Date('2026-06-01T00:00:00Z');
const namespace = ['/registry/namespaces/default', 'k8s\0namespace'] as const;
const secret = ['/registry/secrets/default/a', encryptedSecret()] as const;
const encryptionFlag = '--encryption-provider-config=/etc/kubernetes/extra/encryption.yaml';
const auditFlag = '--audit-policy-file=/etc/kubernetes/extra/audit.yaml';
const server = '/var/lib/rancher/k3s/server';

let openssl: Openssl;
let kubeadmPki: NodeFiles;
let rancherPki: NodeFiles;
let rkePki: NodeFiles;
beforeAll(async () => {
  openssl = await startOpenssl();
  kubeadmPki = await pkiFiles('kubeadm', openssl);
  rancherPki = await pkiFiles('k3s', openssl);
  rkePki = await pkiFiles('rke', openssl);
});
afterAll(() => openssl[Symbol.asyncDispose]());

const kubeadmFiles = (...flags: readonly string[]): NodeFiles =>
  new Map([
    ...kubeadmPki,
    ['/etc/kubernetes/manifests/kube-apiserver.yaml', apiServerManifest(...flags)],
    ['/etc/kubernetes/manifests/kube-controller-manager.yaml', Buffer.from('kind: Pod')],
    ['/etc/kubernetes/manifests/kube-scheduler.yaml', Buffer.from('kind: Pod')],
    ['/etc/kubernetes/manifests/etcd.yaml', Buffer.from('kind: Pod')],
  ]);

const rancherFile = (path: string): Uint8Array => rancherPki.get(`${server}/tls/${path}`)!;
const bootstrapFiles = (): Record<string, Uint8Array> => ({
  ServerCA: rancherFile('server-ca.crt'),
  ServerCAKey: rancherFile('server-ca.key'),
  ClientCA: rancherFile('client-ca.crt'),
  ClientCAKey: rancherFile('client-ca.key'),
  ServiceKey: rancherFile('service.key'),
  EncryptionConfig: encryptionConfiguration(),
  PasswdFile: Buffer.from(`${password},server,server,k3s:server`),
});
const fullToken = (): Buffer =>
  Buffer.from(
    `K10${createHash('sha256').update(rancherFile('server-ca.crt')).digest('hex')}::server:${password}\n`,
  );

const scenarios: Readonly<Record<string, Scenario>> = {
  'kubeadm-whole': {
    why: 'Everything that kubeadm and two further flags name is there, and every key fits.',
    set: () => ({
      distribution: 'kubeadm',
      files: kubeadmFiles(encryptionFlag, auditFlag)
        .set('/etc/kubernetes/extra/encryption.yaml', encryptionConfiguration())
        .set('/etc/kubernetes/extra/audit.yaml', Buffer.from('kind: Policy')),
      snapshot: factsOf(namespace, secret),
      now,
      names: ['kubernetes', '10.0.0.1'],
    }),
  },
  'kubeadm-lost': {
    why: 'What people forget: keys of CAs and ServiceAccounts, and files that flags name outside of the pki folder.',
    set: () => {
      const files = kubeadmFiles(encryptionFlag, auditFlag);
      for (const name of [
        'ca.key',
        'sa.key',
        'front-proxy-ca.crt',
        'etcd/ca.crt',
        'etcd/ca.key',
        'apiserver.key',
      ])
        files.delete(`/etc/kubernetes/pki/${name}`);
      return { distribution: 'kubeadm', files, snapshot: factsOf(namespace, secret), now };
    },
  },
  'kubeadm-external': {
    why: 'With an external etcd its CA is not on the node, and is not missed.',
    set: () => {
      const files = kubeadmFiles();
      for (const path of files.keys()) if (path.includes('etcd')) files.delete(path);
      return { distribution: 'kubeadm', files, snapshot: factsOf(namespace), now };
    },
  },
  'kubeadm-mixed': {
    why: 'Files of two clusters, keys of two rotations: each contradiction is named with its files.',
    set: async () => {
      const files = kubeadmFiles(encryptionFlag);
      const other = await openssl.certificate({ name: 'kubernetes' });
      const folder = '/etc/kubernetes/pki';
      const apiserver = await openssl.certificate({
        name: 'kube-apiserver',
        issuer: other,
        until: '2026-06-15',
        names: 'DNS:kubernetes',
      });
      files
        .set(`${folder}/apiserver.crt`, apiserver.certificate)
        .set(`${folder}/apiserver.key`, apiserver.key)
        .set(`${folder}/etcd/peer.key`, other.key)
        .set(`${folder}/etcd/server.crt`, Buffer.from('cut'))
        .set(`${folder}/sa.pub`, (await openssl.keyPair('P-256')).publicKey)
        .set('/etc/kubernetes/extra/encryption.yaml', encryptionConfiguration(Buffer.alloc(32, 1)));
      return {
        distribution: 'kubeadm',
        files,
        snapshot: factsOf(
          secret,
          ['/registry/secrets/default/b', encryptedSecret(encryptionSecret, 'key2')],
          ['/registry/secrets/default/c', 'k8s:enc:kms:v2:vault:\x12\x02id'],
          ['/registry/secrets/default/d', 'k8s:enc:rot13:v1:key:x'],
        ),
        now,
        names: ['kubernetes', 'api.example.com', '10.0.0.9'],
      };
    },
  },
  'kubeadm-years-later': {
    why: 'All that ended can be renewed with the keys of the CAs; a CA that ended cannot.',
    set: async () => {
      const files = kubeadmFiles();
      const ca = await openssl.certificate({ name: 'front proxy', until: '2027-01-01' });
      files.set('/etc/kubernetes/pki/front-proxy-ca.crt', ca.certificate);
      files.set('/etc/kubernetes/pki/front-proxy-ca.key', ca.key);
      files.delete('/etc/kubernetes/pki/etcd/ca.key');
      return { distribution: 'kubeadm', files, snapshot: factsOf(namespace), now: new Date('2028-01-01') };
    },
  },
  'kubeadm-broken-encryption': {
    why: 'An API server would not start with this file, and no key of it can be tried.',
    set: () => ({
      distribution: 'kubeadm',
      files: kubeadmFiles(encryptionFlag).set(
        '/etc/kubernetes/extra/encryption.yaml',
        encryptionConfiguration(Buffer.alloc(31, 9)),
      ),
      snapshot: factsOf(secret),
      now,
    }),
  },
  'kubeadm-kms': {
    why: 'With a KMS the keys are elsewhere: what is needed is named, and nothing more can be tried here.',
    set: () => {
      const kms = {
        kind: 'EncryptionConfiguration',
        apiVersion: 'apiserver.config.k8s.io/v1',
        resources: [
          {
            resources: ['*.*'],
            providers: [{ kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///run/vault.sock' } }],
          },
        ],
      };
      const sealed = 'k8s:enc:kms:v2:vault:\x12\x02id';
      return {
        distribution: 'kubeadm',
        files: kubeadmFiles(encryptionFlag).set(
          '/etc/kubernetes/extra/encryption.yaml',
          Buffer.from(JSON.stringify(kms)),
        ),
        snapshot: factsOf(
          ...['secrets', 'pods', 'nodes', 'leases', 'events', 'jobs'].map(
            (resource) => [`/registry/${resource}/a`, sealed] as const,
          ),
          namespace,
          ['/elsewhere/a', sealed],
        ),
        now,
      };
    },
  },
  'k3s-token-only': {
    why: 'The token alone is enough: CAs, keys and the encryption keys are inside the snapshot.',
    set: () => ({
      distribution: 'k3s',
      files: new Map([[`${server}/token`, fullToken()]]),
      snapshot: factsOf(bootstrapPair(bootstrapFiles()), namespace, secret),
      now,
    }),
  },
  'k3s-whole': {
    why: 'With the files of a node beside the token, both are compared.',
    set: () => ({
      distribution: 'k3s',
      files: new Map([
        ...rancherPki,
        [`${server}/token`, Buffer.from(password)],
        [
          '/etc/rancher/k3s/config.yaml',
          Buffer.from('kube-apiserver-arg:\n  - audit-policy-file=/etc/audit.yaml\n'),
        ],
        ['/etc/audit.yaml', Buffer.from('kind: Policy')],
      ]),
      snapshot: factsOf(bootstrapPair(bootstrapFiles()), secret),
      now,
    }),
  },
  'k3s-other-token': {
    why: 'The commonest loss: the token is of another cluster, so nothing of the bootstrap data can be had.',
    set: () => ({
      distribution: 'k3s',
      files: new Map([[`${server}/token`, Buffer.from('another password')]]),
      snapshot: factsOf(bootstrapPair(bootstrapFiles()), secret),
      now,
    }),
  },
  'k3s-no-token': {
    why: 'Without the token the snapshot holds nothing that can be opened.',
    set: () => ({
      distribution: 'k3s',
      files: new Map(),
      snapshot: factsOf(bootstrapPair(bootstrapFiles()), namespace),
      now,
    }),
  },
  'k3s-agent-token': {
    why: 'A token with which agents join opens nothing, and is not tried.',
    set: () => ({
      distribution: 'k3s',
      files: new Map([[`${server}/token`, Buffer.from(`K10${'a1'.repeat(32)}::node:${password}`)]]),
      snapshot: factsOf(bootstrapPair(bootstrapFiles())),
      now,
    }),
  },
  'k3s-cut-data': {
    why: 'The key is the right one, and its value was changed.',
    set: () => {
      const [key, value] = bootstrapPair(bootstrapFiles());
      const files = new Map([[`${server}/token`, Buffer.from(password)]]);
      const changed = value.subarray(0, value.length - 8);
      return { distribution: 'k3s', files, snapshot: factsOf([key, changed]), now };
    },
  },
  'k3s-old-release': {
    why: 'Releases of 2021 sealed without a password when none was given: worth a warning, and it opens.',
    set: () => ({
      distribution: 'k3s',
      files: new Map([[`${server}/token`, fullToken()]]),
      snapshot: factsOf(bootstrapPair(bootstrapFiles(), '')),
      now,
    }),
  },
  'k3s-no-bootstrap-data': {
    why: 'A snapshot without bootstrap data is of no use for K3s unless the files of a node are there.',
    set: () => ({
      distribution: 'k3s',
      files: new Map([[`${server}/token`, fullToken()]]),
      snapshot: factsOf(namespace),
      now,
    }),
  },
  'rke2-differing': {
    why: "The node's files are not those of the snapshot, and the token names a third CA; elsewhere than the default.",
    set: async () => {
      const { certificate, key } = await openssl.certificate({ name: 'rke2-server-ca' });
      return {
        distribution: 'rke2',
        dataDir: '/data/rke2',
        files: new Map([
          ['/data/rke2/server/token', Buffer.from(`K10${'a1'.repeat(32)}::server:${password}`)],
          ['/data/rke2/server/tls/server-ca.crt', certificate],
          ['/data/rke2/server/tls/server-ca.key', key],
        ]),
        snapshot: factsOf(bootstrapPair(bootstrapFiles()), bootstrapPair({}, 'an older password')),
        now,
      };
    },
  },
  'rke-whole': {
    why: 'RKE keeps its keys below ssl, and the key for ServiceAccounts beside a certificate.',
    set: async () => {
      const pair = await openssl.certificate({ name: 'kube-service-account-token' });
      return {
        distribution: 'rke',
        files: new Map([
          ...rkePki,
          ['/etc/kubernetes/ssl/kube-service-account-token.pem', pair.certificate],
          ['/etc/kubernetes/ssl/kube-service-account-token-key.pem', pair.key],
          ['/etc/kubernetes/ssl/encryption.yaml', encryptionConfiguration()],
        ]),
        snapshot: factsOf(namespace, secret),
        now,
      };
    },
  },
  'plain-with-kubernetes': {
    why: 'An etcd node alone: it cannot be told whether its API servers could read the snapshot.',
    set: () => ({ distribution: 'plain', files: new Map(), snapshot: factsOf(namespace, secret), now }),
  },
  'plain-without-kubernetes': {
    why: 'An etcd that serves something else needs nothing of Kubernetes.',
    set: () => ({ distribution: 'plain', files: new Map(), snapshot: factsOf(['/my/key', 'value']), now }),
  },
};

describe('the companions of a snapshot', () => {
  it.each(Object.entries(scenarios))('%s', async (name, { why, set }) => {
    const findings = checkCompanions(await set());
    await expect(printed(why, findings)).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it('are spoken of without anything secret', async () => {
    for (const { set } of Object.values(scenarios)) {
      const given = await set();
      const said = JSON.stringify(checkCompanions(given));
      const secrets = [
        password,
        encryptionSecret.toString('base64'),
        'the content of a Secret',
        'another password',
      ];
      for (const [path, content] of given.files)
        if (/key(?:\.pem)?$/.test(path))
          secrets.push(...Buffer.from(content).toString().split('\n').slice(1, 3));
      for (const each of secrets.filter((text) => text.length > 8)) expect(said).not.toContain(each);
    }
  });
});

/** One finding after another; hashes of certificates are made anew by every run. */
function printed(why: string, findings: readonly CompanionFinding[]): string {
  const lines = findings.map(
    ({ check, outcome, sentence, evidence }) =>
      `${outcome.padEnd(7)} ${check}: ${sentence}\n        ${JSON.stringify(evidence)}`,
  );
  return `${[why, ...lines].join('\n').replaceAll(/\b[0-9a-f]{64}\b/g, '<hash>')}\n`;
}
