import type { Check } from '@holdfast/model';
import type { SnapshotPosition } from '@holdfast/etcd/snapshot';
import { storedManifestOf } from '@holdfast/repository/testing';
import { expect, test } from 'vitest';
import { checkAgreement } from './agreement.ts';

const cluster = { id: '59c5e2dd-5902-84f8-a77e-cc5978b96b4c', name: 'prod' };
const manifest = { ...storedManifestOf('one', cluster, Buffer.alloc(0)), revision: 9, compactRevision: 5 };
const position: SnapshotPosition = {
  pageSize: 4096,
  size: 40_960,
  trailer: true,
  revision: 9,
  compactRevision: 5,
  finishedCompactRevision: 5,
  consistentIndex: 20,
  term: 2,
  storageVersion: null,
  clusterVersion: '3.5.0',
};
const checks: Check[] = [
  { check: 'tree', outcome: 'passed', detail: '10 pages' },
  { check: 'revisions', outcome: 'passed', detail: 'up to 9' },
];

test('a file that its manifest describes keeps its checks', () => {
  expect(checkAgreement(checks, manifest, position)).toEqual(checks);
});

test('a file that cannot say where it stands keeps its checks, which have failed then', () => {
  expect(checkAgreement(checks, manifest, null)).toEqual(checks);
});

test('another page size fails the tree, other revisions fail the revisions, with both figures', () => {
  const other = { ...position, pageSize: 16_384, revision: 8, compactRevision: -1 };
  expect(checkAgreement(checks, manifest, other)).toEqual([
    { check: 'tree', outcome: 'failed', detail: 'the page size is 16384, the manifest says 4096' },
    {
      check: 'revisions',
      outcome: 'failed',
      detail:
        'the revision is 8, the manifest says 9; the newest compacted revision is -1, the manifest says 5',
    },
  ]);
});

test('what failed before says so still', () => {
  const failed: Check[] = [{ check: 'revisions', outcome: 'failed', detail: 'a hole at 7' }];
  expect(checkAgreement(failed, manifest, { ...position, revision: 8 })[0]?.detail).toBe(
    'a hole at 7; the revision is 8, the manifest says 9',
  );
});
