import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { etcdOrSkip, kubeApiserverOrSkip, type PlannedMember } from '@holdfast/test-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { answer, type Finished } from '../product.ts';
import { type LabApiserver, labApiserver, processesOf } from './component.ts';
import { Lab } from './lab.ts';
import { expectServing, outcomeOf } from './outcome.ts';
import { again, before, newest, snapshotSteps, untilFrozen } from './stopped-at.ts';

const skip = (await etcdOrSkip('3.6')).skip || (await kubeApiserverOrSkip()).skip;

const names = ['api-1', 'api-2'];
const numbered = (prefix: string): string[] => Array.from({ length: 5 }, (_, i) => `${prefix}-${i}`);

/** An API server that has lost its etcd ends by no word: it is killed when its grace is over. */
const timeout = 300_000;

/** ConfigMaps of the snapshot, and of the end: one of them is gone by then, and others have come. */
const atSnapshot = numbered('early');
const atEnd = [...atSnapshot.slice(1), ...numbered('late')];

function expectDone({ status, stderr }: Finished): void {
  expect(`${stderr} ${status}`).toMatch(/ 0$/);
}

describe.skipIf(skip)(
  'three members with two real kube-apiservers, saved and written to after that,',
  { timeout },
  () => {
    let lab: Lab;
    let servers: readonly LabApiserver[];
    let first: LabApiserver;
    let second: LabApiserver;
    let snapshot: string;
    /** As each ConfigMap of the snapshot was made. */
    const made = new Map<string, string>();

    beforeAll(async () => {
      lab = await Lab.make({
        version: '3.6',
        members: 3,
        before: 0,
        after: 0,
        controlPlane: async (dir, etcd) =>
          (servers = await Promise.all(names.map(async (name) => labApiserver(name, join(dir, name), etcd)))),
      });
      [first, second] = servers as [LabApiserver, LabApiserver];
      await lab.start();
      for (const name of atSnapshot) {
        made.set(name, (await first.client.createConfigMap(name, { of: name })).metadata.uid);
      }
      const endpoints = lab.members.map(({ clientUrl }) => clientUrl).join(',');
      const { name } = await answer<{ name: string }>(
        ...['snapshot', 'save', '--endpoints', endpoints, '--repo', lab.repo, '--cluster', 'lab'],
      );
      snapshot = name;
      for (const late of numbered('late')) await second.client.createConfigMap(late, {});
      await second.client.deleteConfigMap(atSnapshot[0]!);
      await lab.keep();
    });
    beforeEach(async () => {
      await lab.reset();
      await lab.start();
      await expectObjects(atEnd);
    });
    afterAll(async () => lab?.[Symbol.asyncDispose]());

    /** Through each API server, from etcd and from its watch cache: these ConfigMaps, and no other. */
    async function expectObjects(wanted: readonly string[]): Promise<void> {
      await expectServing(lab);
      for (const { client, description } of servers) {
        for (const how of [undefined, 'cached'] as const) {
          const { items } = await client.listConfigMaps(how);
          const listed = items.map(({ metadata }) => metadata.name).toSorted();
          expect({ through: description.name, how, listed }).toEqual({
            through: description.name,
            how,
            listed: wanted.toSorted(),
          });
        }
      }
    }

    /** All members are of one cluster: the one of before, or another. */
    async function expectCluster(which: 'old' | 'new'): Promise<void> {
      const { clusterIds } = await outcomeOf(lab, lab.members);
      const seen = clusterIds.map((id) => (id === lab.content.clusterId ? 'old' : 'new'));
      expect(seen).toEqual([which]);
    }

    function runArgs(): string[] {
      return ['run', ...lab.request, '--way', 'snapshot', '--snapshot', snapshot, '--confirm', 'lab'];
    }

    /** The places in the journal at which steps of a kind begin, or are done. */
    async function placesOf(event: 'begin' | 'done', kind: string): Promise<number[]> {
      const { plan, records } = await newest(lab);
      const steps = plan.steps.filter((step) => step.kind === kind).map(({ number }) => number);
      return records.flatMap((record, at) =>
        record.event === event && steps.includes(record.step ?? 0) ? [at] : [],
      );
    }

    /** Runs it until it stands still, with the port free again. */
    async function stuck(): Promise<void> {
      const run = lab.begin(runArgs(), before(lab, 'serve', 'freeze', snapshotSteps([], names)));
      await untilFrozen(run.pid);
      const taker = createServer((socket) => socket.destroy()).listen(first.port, '127.0.0.1');
      await once(taker, 'listening');
      try {
        run.signal('SIGCONT');
        const { status, stderr } = await run.finished;
        expect({ status, stderr }).toEqual({
          status: 1,
          stderr: expect.stringMatching(
            /serve api-1[\s\S]*address already in use[\s\S]*#restore-stuck/,
          ) as string,
        });
        const { plan, state } = await newest(lab);
        for (const verb of ['resume', 'rollback'])
          expect(stderr).toContain(`holdfast restore ${verb} ${plan.id} --repo ${lab.repo} --cluster lab`);
        expect(state).toMatchObject({ outcome: undefined, direction: 'forward' });
        // The new cluster stands, and nobody has brought the old one back.
        await expectCluster('new');
        expect(processesOf(first)).toEqual([]);
      } finally {
        taker.close();
      }
    }

    test('and of which two are lost: the API servers are stopped before etcd, and serve the snapshot and nothing else', async () => {
      const [m1, m2] = lab.members as [PlannedMember, PlannedMember];
      const { resourceVersion } = await first.client.listConfigMaps();
      const ran = servers.flatMap((server) => processesOf(server));
      await lab.destroy([m1, m2]);
      expectDone(await lab.restore(runArgs()));

      expect((await placesOf('done', 'halt')).length).toBe(2);
      expect(Math.max(...(await placesOf('done', 'halt')))).toBeLessThan(
        Math.min(...(await placesOf('begin', 'stop'))),
      );
      expect(Math.min(...(await placesOf('begin', 'serve')))).toBeGreaterThan(
        Math.max(...(await placesOf('done', 'probe'))),
      );
      expect(servers.flatMap((server) => processesOf(server)).filter((pid) => ran.includes(pid))).toEqual([]);
      await expectCluster('new');

      await expectObjects(atSnapshot);
      for (const { client } of servers) {
        for (const [name, uid] of made) {
          expect(await client.getConfigMap(name)).toMatchObject({ metadata: { uid }, data: { of: name } });
        }
        await expect(client.getConfigMap('late-0')).rejects.toThrow(/404/);
        expect(await client.firstOfWatch(resourceVersion)).toMatchObject({
          type: 'ERROR',
          object: { kind: 'Status', code: 410, reason: 'Expired' },
        });
        expect(BigInt((await client.listConfigMaps()).resourceVersion)).toBeGreaterThan(
          BigInt(resourceVersion),
        );
      }
      await first.client.createConfigMap('new-1', {});
      await second.client.createConfigMap('new-2', {});
      await expectObjects([...atSnapshot, 'new-1', 'new-2']);
    });

    test('restored and rolled back: the API servers serve what was there before', async () => {
      expectDone(await lab.restore(runArgs()));
      await expectObjects(atSnapshot);
      await first.client.createConfigMap('new-1', {});
      expectDone(await again(lab, 'rollback', '--confirm', 'lab'));
      await expectCluster('old');
      await expectObjects(atEnd);
      await second.client.createConfigMap('new-2', {});
      await expectObjects([...atEnd, 'new-2']);
    });

    describe('and one of which cannot start, for its port is taken:', () => {
      test('the restore stands still, and is finished by resume once the port is free', async () => {
        await stuck();
        expectDone(await again(lab, 'resume'));
        await expectObjects(atSnapshot);
      });

      test('the restore stands still, and rollback puts the old back', async () => {
        await stuck();
        expectDone(await again(lab, 'rollback', '--confirm', 'lab'));
        await expectCluster('old');
        await expectObjects(atEnd);
      });
    });
  },
);
