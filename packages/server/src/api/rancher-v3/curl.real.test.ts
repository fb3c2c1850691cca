import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock as clock } from '@holdfast/base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeLog } from '../../log.ts';
import { startServer, type RunningServer } from '../../server.ts';
import { openSqliteStore } from '../../store/sqlite/open.ts';
import { snapshot } from '../../store/testing/samples.ts';
import { inventoryOf } from '../../testing/inventory.ts';
import { somebody } from '../../testing/people.ts';

const run = promisify(execFile);
const document = join(import.meta.dirname, 'testing/document-000.txt');

let folder: string;
let server: RunningServer;
let token: string;
const cluster = 'c-2p9dm';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-curl-'));
  await fill(folder);
  server = await startServer({
    ...{ dataDir: folder, listen: { host: '127.0.0.1', port: 0 }, advertised: [], databaseUrl: null },
    ...{ secretsKeyFile: null, certificate: null, adminPassword: null, metricsOpen: false },
    ...{ standInAfterMs: 60_000, version: '0.0.0-test', clock, variables: {} },
    log: makeLog({ write: () => {} }),
  });
  await writeFile(join(folder, 'ca.pem'), server.ca);
  // The lines stay as they are printed: what a test wants of curl beside is in its own file.
  await writeFile(join(folder, '.curlrc'), 'silent\nshow-error\nwrite-out = "\\n%{http_code}"\n');
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** A cluster with a backup, a machine that is heard of, and somebody with a token, before the server starts. */
async function fill(dataDir: string): Promise<void> {
  await using store = await openSqliteStore({ file: join(dataDir, 'holdfast.db'), clock });
  const now = clock.now().toISOString();
  await store.repositories.create({
    ...{ name: 'main', spec: { name: 'main', path: '/nowhere', readByServer: false } },
    ...{ secretNames: [], sealed: null, createdAt: now },
  });
  const spec = { name: 'production', description: '', distribution: 'etcd', approvals: 0 } as const;
  await store.clusters.create({ id: cluster, spec: { ...spec, repositories: ['main'] }, createdAt: now });
  const stored = { ...snapshot('c-2p9dm-ml-8b2cx_2026-11-21T08:00:00Z'), cluster };
  await store.snapshots.put({ cluster, repository: 'main' }, [stored], 'some');
  await store.nodes.create({
    ...{ id: 'n-aaaaa', cluster, name: 'cp-1', joinedAt: now, certificateNotAfter: null },
  });
  await store.nodes.setInventory('n-aaaaa', inventoryOf('cp-1', '10.0.0.1'), 'x');
  await store.nodes.seen([{ node: 'n-aaaaa', at: now, agentVersion: '0.1.0', clockSkewMs: 0 }]);
  const grants = [{ role: 'restorer', cluster }] as const;
  const header = await somebody({ store, clock, random: (bytes) => randomBytes(bytes) }, [...grants]);
  const [, id = '', secret = ''] = /hf_t-([^_]+)_(.+)$/.exec(header) ?? [];
  token = `token-${id}:${secret}`;
}

/** The lines of the document with what is to be filled in, as a shell runs them. */
async function lines(backup: string): Promise<readonly string[]> {
  const values: Readonly<Record<string, string>> = {
    ...{ RANCHER_URL: new URL(server.url).host, TOKEN: token, CLUSTER_ID: cluster },
    ...{ CLUSTER_NAME: 'production', BACKUP_NAME: backup },
  };
  const text = (await readFile(document, 'utf8')).replaceAll(
    /\{([A-Z_]+)\}/g,
    (whole, name: string) => values[name] ?? whole,
  );
  return text.trim().split('\n\n');
}

async function curl(line: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const env = { PATH: process.env['PATH'], CURL_HOME: folder, CURL_CA_BUNDLE: join(folder, 'ca.pem') };
  const { stdout } = await run('sh', ['-c', line], { env });
  const at = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(at + 1)), body: JSON.parse(stdout.slice(0, at)) };
}

test('the lines of document 000 save and restore as they are printed, by a backup of whichever name', async () => {
  const [backup, restore] = await lines('c-2p9dm-ml-8b2cx');
  expect(await curl(backup!)).toMatchObject({
    status: 200,
    body: { kind: 'EtcdBackup', spec: { clusterId: cluster, manual: true } },
  });
  expect(await curl(restore!)).toMatchObject({
    status: 201,
    body: {
      message: 'restoring etcdbackup for the cluster',
      operationId: expect.stringMatching(/^op-/) as string,
    },
  });
  for (const name of ['c-2p9dm-ml-8b2cx_2026-11-21T08:00:00Z', 'c-2p9dm-ml-8b2cx_2026-11-21T08:00:00Z.zip'])
    expect(await curl((await lines(name))[1]!)).toMatchObject({ status: 201 });
  expect(await curl((await lines('none'))[1]!)).toMatchObject({ status: 404, body: { code: 'NotFound' } });
});

test('a token that is not valid is refused as Rancher refuses it', async () => {
  const [backup] = await lines('x');
  expect(await curl(backup!.replace(token, 'token-abcde:secret'))).toEqual({
    status: 401,
    body: { type: 'error', status: '401', message: 'must authenticate' },
  });
});
