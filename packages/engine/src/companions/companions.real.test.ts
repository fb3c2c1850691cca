import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { systemClock } from '@holdfast/base';
import { openFileSource } from '@holdfast/etcd/bolt';
import type { SnapshotFacts } from '@holdfast/kube';
import { apiServerManifest, pkiFiles, startOpenssl } from '@holdfast/kube/testing';
import { companionsOutcome, type CompanionsRecord } from '@holdfast/model';
import {
  type EtcdCluster,
  etcdOrSkip,
  kubeApiserverOrSkip,
  type KubeApiserver,
  startCluster,
  startKubeApiserver,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkCollected,
  collectNode,
  companionsTar,
  openNodeRoot,
  readCompanions,
  readSnapshotFacts,
} from './index.ts';
import { secretsIn } from './testing/secrets-in.ts';

const skip = (await etcdOrSkip('3.6')).skip || (await kubeApiserverOrSkip()).skip;

const encryptionFile = '/etc/kubernetes/extra/encryption.yaml';
const keys = { cbc: randomBytes(32).toString('base64'), box: randomBytes(32).toString('base64') };

const configuration = ({ cbc, box }: Partial<typeof keys>): string => `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
${cbc === undefined ? '' : `      - aescbc: { keys: [{ name: cbc-key, secret: ${cbc} }] }\n`}      - identity: {}
  - resources: [configmaps]
    providers:
${box === undefined ? '' : `      - secretbox: { keys: [{ name: box-key, secret: ${box} }] }\n`}      - identity: {}
`;

const keyFindings = ({ findings }: CompanionsRecord): Record<string, string> =>
  Object.fromEntries(
    findings
      .filter(({ check }) => check === 'encryption-key')
      .map(({ evidence, outcome }) => [
        `${String(evidence['provider'])} ${String(evidence['key'])}`,
        outcome,
      ]),
  );

describe.skipIf(skip)('the snapshot of a real kube-apiserver and the files of its node', () => {
  let dir: string;
  let root: string;
  let cluster: EtcdCluster;
  let facts: SnapshotFacts;
  let uid: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'holdfast-companions-'));
    root = join(dir, 'node');
    await makeNode();
    cluster = await startCluster({ version: '3.6' });
    uid = await fill();
    const file = join(dir, 'snapshot.db');
    await cluster.snapshotSave(file);
    using source = openFileSource(file);
    facts = await readSnapshotFacts(source);
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  const put = async (path: string, content: Uint8Array | string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };
  /** What kubeadm leaves on a node, with an EncryptionConfiguration. */
  async function makeNode(): Promise<void> {
    await using openssl = await startOpenssl();
    for (const [path, content] of await pkiFiles('kubeadm', openssl)) await put(path, content);
    const manifest = apiServerManifest(`--encryption-provider-config=${encryptionFile}`);
    await put('/etc/kubernetes/manifests/kube-apiserver.yaml', manifest);
    for (const name of ['kube-controller-manager', 'kube-scheduler', 'etcd'])
      await put(`/etc/kubernetes/manifests/${name}.yaml`, 'kind: Pod');
    await put(encryptionFile, configuration(keys));
  }
  /** Writes encrypted Secrets and ConfigMaps and a Node; gives the UID of kube-system as the server says it. */
  async function fill(): Promise<string> {
    await using server = await startKubeApiserver({
      etcd: cluster.endpoints,
      dir: join(dir, 'apiserver'),
      flags: [`--encryption-provider-config=${join(root, encryptionFile)}`],
    });
    await server.client.createConfigMap('settings', { colour: 'blue' });
    for (const name of ['a', 'b']) {
      const secret = { metadata: { name }, stringData: { password: 'x' } };
      await ask(server, 'POST', '/api/v1/namespaces/default/secrets', secret);
    }
    const status = { nodeInfo: { kubeletVersion: 'v1.34.1', operatingSystem: 'linux' } };
    await ask(server, 'POST', '/api/v1/nodes', { metadata: { name: 'cp-1' }, status });
    const { metadata } = (await ask(server, 'GET', '/api/v1/namespaces/kube-system')) as {
      metadata: { uid: string };
    };
    return metadata.uid;
  }
  const collect = async () => collectNode({ root: await openNodeRoot(root), clock: systemClock });
  const check = async (): Promise<CompanionsRecord> =>
    checkCollected(await collect(), facts, new Date('2026-06-01T00:00:00Z'));

  it('belong together: every key opens its values, and nothing is missing', async () => {
    await put(encryptionFile, configuration(keys));
    const record = await check();
    expect(record.findings.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    expect(companionsOutcome(record)).toBe('ok');
    expect(keyFindings(record)).toEqual({ 'aescbc cbc-key': 'ok', 'secretbox box-key': 'ok' });
    expect(record.distribution).toBe('kubeadm');
  });

  it('tell which Kubernetes it is', async () => {
    expect((await check()).kubernetes).toEqual({ version: 'v1.34.1', uid });
  });

  it('do not, when a key is another one of the same name', async () => {
    await put(encryptionFile, configuration({ ...keys, box: randomBytes(32).toString('base64') }));
    expect(keyFindings(await check())).toEqual({ 'aescbc cbc-key': 'ok', 'secretbox box-key': 'failed' });
  });

  it('do not, when a key is missing, and it is named', async () => {
    await put(encryptionFile, configuration({ box: keys.box }));
    const record = await check();
    expect(keyFindings(record)).toMatchObject({ 'aescbc cbc-key': 'failed', 'secretbox box-key': 'ok' });
    const missing = record.findings.find(({ evidence }) => evidence['key'] === 'cbc-key');
    expect(missing?.sentence).toBe(
      'There is no aescbc "cbc-key" in the configuration for 2 values of secrets, and without it they cannot be read.',
    );
  });

  it('do not, when the whole configuration is missing', async () => {
    await rm(join(root, encryptionFile));
    const record = await check();
    expect(record.findings.find(({ outcome }) => outcome === 'failed')?.sentence).toBe(
      `${encryptionFile} is missing, and the API server is started with it.`,
    );
  });

  it('give away nothing secret in the record, and everything in the tar', async () => {
    await put(encryptionFile, configuration(keys));
    const collected = await collect();
    const record = JSON.stringify(checkCollected(collected, facts, new Date('2026-06-01T00:00:00Z')));
    expect(secretsIn(record, collected)).toEqual([]);
    for (const key of Object.values(keys))
      for (const form of ['base64', 'hex', 'latin1'] as const)
        expect(record).not.toContain(Buffer.from(key, 'base64').toString(form));
    // The search itself finds what is there.
    expect(secretsIn(`${record}${keys.cbc}`, collected)).toEqual([encryptionFile]);
    const tar = await buffer(companionsTar(collected));
    const opened = await readCompanions(Readable.from([tar]), {
      path: 'companions.tar',
      names: [encryptionFile],
    });
    expect(Buffer.from(opened.files[0]!.content).toString()).toBe(configuration(keys));
  });
});

/** Asks a server something; throws where it refuses. */
async function ask(
  { plan: { url, ca, token } }: KubeApiserver,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = request(new URL(path, url), { method, ca, agent: false, headers }, resolve);
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
  const answer = await text(response);
  if ((response.statusCode ?? 0) >= 300) throw new Error(`${method} ${path}: ${answer}`);
  return JSON.parse(answer);
}
