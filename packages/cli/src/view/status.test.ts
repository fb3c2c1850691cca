import type { ClusterStatus } from '@holdfast/engine';
import { expect, test } from 'vitest';
import { styleFor } from '../term/style.ts';
import { statusAnswer } from './status.ts';

const style = styleFor({ write: () => {} }, { TERM: 'dumb' }, false);
const again = {
  place: ['--repo', 'near', '--config', '/c.yaml'],
  queueList: ['--state-dir', '/s'],
  queueRun: ['--state-dir', '/s', '--config', '/c.yaml'],
  wayTo: (name: string) => ['--identity-file', `/${name}.key`, '--config', '/c.yaml'],
};

/** A cluster whose newest snapshot is sound and is missing in one of its two repositories. */
function status(waiting: number, ...unreadable: string[]): ClusterStatus {
  const newest = {
    name: 'one',
    cluster: { id: 'c', name: 'prod' },
    state: 'verified',
    pin: null,
    unwanted: null,
    evidence: [],
    trust: { trusted: true, by: [], why: 'unsigned' },
    manifest: {
      ...{ revision: 1, content: { size: 1, sha256: '0' }, objects: [], versions: { etcd: '3.6.0' } },
      ...{ member: { name: 'm1' }, quorum: { state: 'healthy', reasons: [] } },
      times: { finishedAt: '2026-11-20T09:10:07.000Z' },
    },
  };
  const places = [
    { name: 'near', required: true, state: 'stored', why: null },
    { name: 'far', required: true, state: 'missing', why: 'it is not there' },
  ];
  return {
    cluster: { id: 'c', name: 'prod' },
    state: 'attention',
    reasons: ['stored in 1 of 2 repositories'],
    newest,
    newestVerified: newest,
    counts: { stored: 0, verified: 1, damaged: 0 },
    bytes: 1,
    damaged: [],
    unfinished: [],
    copies: { wanted: 2, stored: 1, places },
    waiting: { count: waiting, oldestAt: null, unreadable },
  } as unknown as ClusterStatus;
}

const view = { wide: false, utc: true, style, now: new Date('2026-11-20T09:14:07Z') };

test('what cannot be read of the queue is listed with the flags of that', () => {
  expect(statusAnswer([status(1, 'item')], again).text(view)).toContain(
    '    run: holdfast queue list --state-dir /s\n',
  );
});

test.each([
  [0, 'snapshot copy one --repo near --to far --cluster prod --identity-file /near.key --config /c.yaml'],
  [1, 'queue run --state-dir /s --config /c.yaml'],
])('with %i copies waiting, the command that mends it can be pasted', (waiting, command) => {
  const answer = statusAnswer([status(waiting)], again);
  const text = answer.text(view);
  expect(text).toContain(`    run: holdfast ${command}\n`);
});
