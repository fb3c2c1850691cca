import { rm } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import type { DestinationResult, SaveReport } from '@holdfast/engine';
import type { SnapshotEntry } from '@holdfast/repository';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { render } from '../term/answer.ts';
import { styleFor } from '../term/style.ts';
import { makeTestRepository } from '../testing/repository.ts';
import { store } from '../testing/snapshots.ts';
import { saveAnswer } from './save.ts';

let folder: string;
let plain: SnapshotEntry;
beforeEach(async () => {
  const made = await makeTestRepository();
  ({ folder } = made);
  await store(made.repository, 'one');
  plain = await made.repository.snapshot('one');
});
afterEach(() => rm(folder, { recursive: true }));

const queue = {
  list: ['holdfast', 'queue', 'list', '--state-dir', '/s'],
  run: ['holdfast', 'queue', 'run', '--state-dir', '/s', '--signing-key', 'my key'],
};
const stored = (name: string, snapshot: SnapshotEntry): DestinationResult => {
  return { name, required: true, outcome: 'stored', snapshot, failure: null, queued: false };
};

function reportOf(...destinations: DestinationResult[]): SaveReport {
  return { snapshot: plain, destinations, warnings: [], durationMs: 2, storedMs: 1 };
}

async function textOf(report: SaveReport): Promise<string> {
  const style = styleFor({ write: () => {} }, { TERM: 'dumb' }, false);
  return await render(saveAnswer(report, queue), 'table', { utc: true, style, now: new Date(0) });
}

test('what is missing names the commands on the queue as they can be pasted', () => {
  const failure = new Failure('s3-unreachable', 'no such host', { endpoint: 'far' });
  const far = { ...stored('far', plain), outcome: 'failed', snapshot: null, failure, queued: true } as const;
  const answer = saveAnswer(reportOf(stored('here', plain), far), queue);
  expect(answer.failure).toMatchObject({ code: 'partly-stored', exitCode: 3 });
  expect(answer.failure?.next).toContain(
    "`holdfast queue list --state-dir /s` shows it, `holdfast queue run --state-dir /s --signing-key 'my key'` tries again",
  );
});

test('companions are told where any repository keeps them, and in which', async () => {
  const companions: SnapshotEntry['manifest']['companions'] = {
    node: 'n1',
    collectedAt: '2026-11-20T09:10:07.000Z',
    distribution: 'kubeadm',
    kubernetes: { version: null },
    files: [{ path: 'etc/x', size: 1, mode: 0o600, sha256: '0'.repeat(64), why: 'a key', secret: true }],
    left: [],
    findings: [],
  } as never;
  const sealed = { ...plain, manifest: { ...plain.manifest, companions, recipients: ['age1x'] } };
  expect(await textOf(reportOf(stored('here', plain), stored('far', sealed)))).toMatch(
    /companions +1 file of n1, sealed in far\n/,
  );
  const left = { ...sealed, manifest: { ...sealed.manifest, companions: null } };
  expect(await textOf(reportOf(stored('here', plain), stored('far', left)))).toMatch(
    /companions +none are kept\n/,
  );
  expect(await textOf(reportOf(stored('here', plain)))).toMatch(
    /companions +none are kept, since nothing is sealed there\n/,
  );
});
