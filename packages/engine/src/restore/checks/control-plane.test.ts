import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import type { RestoreCheck, RestorePlan } from '@holdfast/model';
import { afterAll, expect, test } from 'vitest';
import { preflight } from './index.ts';
import { apiServerOf, planOf } from './test-plan.ts';

const fixture = new URL('../../../../../test/fixtures/snapshots/etcd-3.6.16.db.gz', import.meta.url);
const ofKubernetes = gunzipSync(await readFile(fixture));
const folder = await mkdtemp(join(tmpdir(), 'holdfast-checks-'));
afterAll(async () => rm(folder, { recursive: true }));

async function reach(changes: Partial<RestorePlan>): Promise<RestoreCheck | undefined> {
  const context = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };
  const checks = await preflight(context, {
    plan: planOf(changes),
    nodes: () => {
      throw new Error('no check asks a node');
    },
    connect: (endpoints) => connectEtcd({ endpoints, clock: systemClock }),
  });
  return checks.find(({ id }) => id === 'P13');
}

async function sourceOf(content: Buffer): Promise<Extract<RestorePlan['source'], { kind: 'snapshot' }>> {
  const path = join(folder, 'one.db');
  await writeFile(path, content);
  const { source } = planOf();
  if (source.kind !== 'snapshot') throw new Error('the plan is from a snapshot');
  return { ...source, path };
}

const attested = { by: 'ann@ops', reason: 'it burnt' };

test('a control plane that can be stopped passes, running or not', async () => {
  const controlPlane = [
    apiServerOf('api-1'),
    apiServerOf('sched-1', { component: 'kube-scheduler', running: false }),
  ];
  expect(await reach({ controlPlane })).toMatchObject({
    outcome: 'passed',
    detail: 'every member and every part of the control plane can be seen',
    evidence: {
      controlPlane: [
        { name: 'api-1', running: true },
        { name: 'sched-1', running: false },
      ],
    },
  });
});

test('a part of it that nobody sees needs somebody who vouches for it', async () => {
  const unseen = apiServerOf('api-2', { running: null, detail: 'no route to host' });
  expect(await reach({ controlPlane: [unseen] })).toMatchObject({
    outcome: 'failed',
    detail: 'nobody can tell whether kube-apiserver api-2 is off: no route to host',
  });
  expect(await reach({ controlPlane: [{ ...unseen, attested }] })).toMatchObject({
    outcome: 'warned',
    detail: 'ann@ops says of api-2: it burnt',
  });
  expect(await reach({ controlPlane: [{ ...unseen, running: true, attested }] })).toMatchObject({
    outcome: 'failed',
    detail: 'api-2 runs, and is said to be off',
  });
});

test('loopback is at every machine: who listens there says nothing of one that is vouched for', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const urls = [`https://127.0.0.1:${(server.address() as AddressInfo).port}`];
  const elsewhere = apiServerOf('api-2', { urls, running: null, attested });
  expect(await reach({ controlPlane: [apiServerOf('api-1'), elsewhere] })).toMatchObject({
    outcome: 'warned',
    detail: 'ann@ops says of api-2: it burnt',
  });
  server.close();
  await once(server, 'close');
});

test('an API server that is off must not answer', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const off = apiServerOf('api-1', { urls: [url], running: false });
  expect(await reach({ controlPlane: [off] })).toMatchObject({
    outcome: 'failed',
    detail: `something listens at ${url} of api-1, which is off`,
  });
  const anywhere = url.replace('127.0.0.1', '0.0.0.0');
  const gone = { ...off, urls: [anywhere], running: null, attested };
  expect(await reach({ controlPlane: [gone] })).toMatchObject({
    outcome: 'failed',
    detail: `something listens at ${anywhere} of api-1, which is said to be off`,
  });
  server.close();
  await once(server, 'close');
  expect(await reach({ controlPlane: [off] })).toMatchObject({ outcome: 'passed' });
});

test('data of Kubernetes without a described control plane is warned of', async () => {
  const source = await sourceOf(ofKubernetes);
  expect(await reach({ source, controlPlane: [] })).toMatchObject({
    outcome: 'warned',
    detail: expect.stringMatching(
      /^this is the data of Kubernetes.*stopped by hand.*started by hand/,
    ) as string,
  });
  expect(await reach({ source, controlPlane: [], way: 'replace' })).toMatchObject({ outcome: 'passed' });
});

test('a control plane of which no API server is described is warned of', async () => {
  const controlPlane = [apiServerOf('sched-1', { component: 'kube-scheduler' })];
  const source = await sourceOf(ofKubernetes);
  for (const changes of [{}, { source }])
    expect(await reach({ controlPlane, ...changes })).toMatchObject({
      outcome: 'warned',
      detail: expect.stringMatching(
        /no kube-apiserver is described.*API servers have to be stopped by hand.*started by hand/,
      ) as string,
    });
  expect(await reach({ controlPlane: [...controlPlane, apiServerOf('api-1')] })).toMatchObject({
    outcome: 'passed',
  });
});

test('a part of it of which nobody can tell whether it runs fails with the reason, unless vouched for', async () => {
  const masked = apiServerOf('api-1', { running: null, detail: 'kube-apiserver.service is masked' });
  expect(await reach({ controlPlane: [masked] })).toMatchObject({
    outcome: 'failed',
    detail: 'nobody can tell whether kube-apiserver api-1 is off: kube-apiserver.service is masked',
  });
  expect(await reach({ controlPlane: [{ ...masked, attested }] })).toMatchObject({ outcome: 'warned' });
});

test('where the data does not tell, it is said for the case', async () => {
  const salvage = { kind: 'salvage', member: 'm1', size: 1, revision: 61 } as const;
  expect(await reach({ source: salvage, way: 'salvage', controlPlane: [] })).toMatchObject({
    outcome: 'warned',
    detail: expect.stringMatching(/if this etcd serves Kubernetes/) as string,
  });
});

test('data of something else passes without one', async () => {
  const content = Buffer.from(
    ofKubernetes.toString('latin1').replaceAll('/registry/', '/elsewher/'),
    'latin1',
  );
  const source = await sourceOf(content);
  expect(await reach({ source, controlPlane: [] })).toMatchObject({
    outcome: 'passed',
    detail: 'every member can be seen',
  });
});
