import { Failure } from '@holdfast/base';
import type { ClusterDescription, Triage } from '@holdfast/model';
import { expect, test } from 'vitest';
import { memberSeen } from '../testing/plan.ts';
import { render } from '../term/answer.ts';
import { triageAnswer } from './triage.ts';

const view = { utc: true, style: (_: string, text: string) => text, now: new Date('2026-11-20T09:14:07Z') };
const failure = new Failure('restore-unneeded', 'it is stopped', { cluster: 'prod' });

const description: ClusterDescription = {
  apiVersion: 'holdfast.dev/v1',
  kind: 'ClusterDescription',
  name: 'prod',
  members: [
    memberSeen('m1'),
    {
      ...memberSeen('m2'),
      run: { driver: 'process', command: ['etcd', '--name', 'm 2'], environment: {}, logFile: '/l' },
    },
  ],
  controlPlane: [],
};

const found: Triage = {
  verdict: 'stopped',
  why: '2 of 2 members are stopped, and have their data',
  ways: [
    { way: 'start', recommended: true, why: 'nothing is lost by it', revision: 1200, members: ['m1', 'm2'] },
    { way: 'snapshot', recommended: false, why: '200 revisions are lost', revision: 1000, members: [] },
    { way: 'objects', recommended: false, why: 'where only some are gone', revision: null, members: [] },
  ],
};

const answer = triageAnswer(found, {
  description,
  restoreBy: (way) => ['holdfast', 'restore', 'run', '--way', way],
  failure,
});

test('the better way stands first, as commands that can be copied', async () => {
  expect(await render(answer, 'table', view)).toMatchInlineSnapshot(`
    "Cluster prod: it is stopped, and its data is there
      2 of 2 members are stopped, and have their data

    Start what is there (recommended)
      nothing is lost by it
        systemctl start etcd.service   # m1
        etcd --name 'm 2'   # m2

    Restore from a snapshot
      200 revisions are lost
        holdfast restore run --way snapshot

    Bring single objects back through the API server
      where only some are gone
        kubectl apply -f OBJECTS
    "
  `);
});

test('machines get all ways with their commands, and the failure that refused', async () => {
  const json = JSON.parse(await render(answer, 'json', view));
  expect(json).toMatchObject({ kind: 'RestoreTriage', cluster: 'prod', verdict: 'stopped' });
  expect(json.ways[0].commands).toEqual(['systemctl start etcd.service   # m1', "etcd --name 'm 2'   # m2"]);
  expect(await render(answer, 'name', view)).toBe('start\n');
  expect(answer.failure).toBe(failure);
});
