import type { Operation } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { failureOfEnd } from './follow.ts';

const at = '2026-11-22T10:00:00.000Z';
const operation: Operation = {
  ...{
    id: 'op-7f3kq',
    kind: 'save',
    cluster: 'c-7f3kq',
    state: 'succeeded',
    phase: null,
    why: '',
    steps: [],
  },
  ...{ policy: null, trigger: 'manual', scheduledFor: null, requestedBy: 'ann', approvals: [] },
  ...{ approvalsNeeded: 0, node: null, createdAt: at, startedAt: at, endedAt: at, input: {}, result: null },
  failure: null,
};
const told = { what: 'what', why: 'why', next: 'next', details: { name: 's' } };

test.each([
  [{}, undefined],
  [{ state: 'running' }, undefined],
  [{ state: 'failed', failure: { ...told, code: 'snapshot-damaged' } }, ['snapshot-damaged', 4]],
  [{ state: 'failed', failure: { ...told, code: 'from-the-future' } }, ['server-failed', 1]],
  [{ state: 'partial' }, ['operation-partial', 3]],
  [{ state: 'cancelled' }, ['operation-cancelled', 1]],
  [{ state: 'stuck' }, ['restore-stuck', 1]],
  [{ state: 'rolled-back' }, ['restore-rolled-back', 1]],
] as const)('an operation that has ended as %j', (ended, expected) => {
  const failure = failureOfEnd({ ...operation, ...ended });
  expect(failure && [failure.code, failure.exitCode]).toEqual(expected);
  if ('failure' in ended) expect(failure!.next + failure!.why).toContain('next');
});
