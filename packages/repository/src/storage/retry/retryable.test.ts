import { Failure, failureTable, type FailureCode } from '@holdfast/base';
import { expect, test } from 'vitest';
import { isRetryable, triedEnough } from './retryable.ts';

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

test('what was tried often enough is not tried again by those above, and all else stays what it is', () => {
  const busy = new Failure('s3-busy', 'SlowDown', { endpoint: 'https://s3' });
  const told = triedEnough(busy);
  expect(told).toMatchObject({ code: 's3-busy', why: 'SlowDown', details: { endpoint: 'https://s3' } });
  expect(isRetryable(told)).toBe(false);
  const denied = new Failure('s3-permission', 'AccessDenied');
  expect(triedEnough(denied)).toBe(denied);
});
