import { Failure, failureTable, type FailureCode } from '@holdfast/base';
import { expect, test } from 'vitest';
import { isRetryable } from './retryable.ts';

test('of all failures these pass by themselves', () => {
  const codes = Object.keys(failureTable) as FailureCode[];
  expect(codes.filter((code) => isRetryable(new Failure(code, 'why')))).toEqual([
    's3-unreachable',
    's3-clock',
    's3-busy',
    's3-damaged',
  ]);
});

test.each([
  [new Failure('s3-unreachable', 'its name is not known to the name server', { lasting: true })],
  [new Failure('s3-busy', 'tried often enough', { lasting: true })],
  [new Error('a bug')],
  [undefined],
])('%s does not', (error) => {
  expect(isRetryable(error)).toBe(false);
});
