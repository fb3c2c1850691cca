import { failureTable, type FailureCode } from '@holdfast/base';
import { expect, test } from 'vitest';
import { failureStatus, statusOf } from './failure-status.ts';

const codes = Object.keys(failureTable) as FailureCode[];

/** The codes from the first to the last of a part of the table. */
function between(first: FailureCode, last: FailureCode): FailureCode[] {
  return codes.slice(codes.indexOf(first), codes.indexOf(last) + 1);
}

test('every failure of server and fleet has a status of its own', () => {
  const own = [
    ...between('server-unreachable', 'order-cancelled'),
    ...between('store-unreachable', 'server-failed'),
  ];
  expect(own.filter((code) => !(code in failureStatus))).toEqual([]);
});

test('every failure has a status that tells of a failure', () => {
  expect(codes.filter((code) => statusOf(code) < 400 || statusOf(code) > 599)).toEqual([]);
});
