import type { Check, Evidence } from '@holdfast/model';
import { expect, test } from 'vitest';
import { verificationFailure } from './evidence.ts';

const check = (outcome: Check['outcome']): Check => ({ check: 'hashkv', outcome, detail: 'as it is' });

test.each<[Evidence['outcome'], Check[], number, string | undefined, string | undefined]>([
  ['passed', [check('passed')], 0, undefined, undefined],
  ['incomplete', [check('passed'), check('skipped')], 3, 'snapshot-unproven', 'hashkv: as it is'],
  ['failed', [check('skipped'), check('failed')], 4, 'snapshot-damaged', 'hashkv: as it is'],
])('a verification that is %s: only proof counts as success', (outcome, checks, exit, code, why) => {
  const failure = verificationFailure({ snapshot: 'b', outcome, checks } as Evidence);
  expect([failure?.exitCode ?? 0, failure?.code, failure?.why]).toEqual([exit, code, why]);
});
