import { expect, test } from 'vitest';
import { failureTable } from './failure-table.ts';
import { Failure, isFailure } from './failure.ts';

test('a failure fills the placeholders of its row and keeps cause and exit status', () => {
  const cause = new Error('connect ECONNREFUSED');
  const failure = new Failure('etcd-unreachable', cause.message, { endpoint: 'https://a:2379' }, { cause });
  expect(failure.message).toBe('etcd at https://a:2379 does not answer');
  expect(failure.exitCode).toBe(13);
  expect(failure.cause).toBe(cause);
  expect(isFailure(failure, 'etcd-unreachable')).toBe(true);
  expect(isFailure(failure, 'etcd-auth')).toBe(false);
  expect(isFailure(cause)).toBe(false);
});

test('every row says what in one phrase and what next in sentences', () => {
  for (const [code, row] of Object.entries(failureTable)) {
    expect(code).toMatch(/^[a-z][a-z0-9]*(-[a-z]+)*$/);
    expect(row.what).not.toMatch(/[.!]$/);
    // A command to be copied stands at the end of its line, with nothing behind it.
    expect(row.next).toMatch(/(?:[.]|holdfast restore \w+ \{id\})$/);
  }
});
