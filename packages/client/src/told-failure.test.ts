import { expect, test } from 'vitest';
import { failureOf, RefusedFailure } from './told-failure.ts';

const problem = {
  ...{ type: 'urn:holdfast:failure:cluster-busy', title: 'another operation holds the cluster: op-7f3kq' },
  ...{ status: 409, detail: 'op-7f3kq is not over', code: 'cluster-busy', next: 'Wait.' },
  details: { holder: 'op-7f3kq', deep: { left: 'out' } },
};

test('a problem is the failure that the server has had', () => {
  const failure = failureOf(409, JSON.stringify(problem));
  expect(failure).toBeInstanceOf(RefusedFailure);
  expect(failure).toMatchObject({
    ...{ code: 'cluster-busy', why: 'op-7f3kq is not over', exitCode: 11, status: 409 },
    ...{ message: 'another operation holds the cluster: op-7f3kq', details: { holder: 'op-7f3kq' } },
  });
});

test('faults of a request are kept', () => {
  const errors = [{ pointer: '/body/name', detail: 'too long' }];
  const invalid = { ...problem, code: 'request-invalid', status: 400, errors };
  expect(failureOf(400, JSON.stringify(invalid))).toMatchObject({ code: 'request-invalid', errors });
});

test('a code that this version does not know can still be read', () => {
  const failure = failureOf(418, JSON.stringify({ ...problem, code: 'from-the-future' }));
  expect(failure).toMatchObject({ code: 'server-failed', details: { code: 'from-the-future' } });
  expect(failure.why).toContain('op-7f3kq is not over (Wait.)');
});

test.each([
  [502, '<html>Bad Gateway</html>', 'server-unreachable'],
  [500, '', 'server-failed'],
  [200, '{"not":"a problem"}', 'server-failed'],
])('what is no problem of Holdfast, %i %j, is told as %s', (status, text, code) => {
  expect(failureOf(status, text)).toMatchObject({ code });
});
