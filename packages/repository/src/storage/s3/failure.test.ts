import { isFailure } from '@holdfast/base';
import { expect, test } from 'vitest';
import { requestFailure } from './failure.ts';

const question = {
  action: 's3:PutObject',
  path: 's3://b/k',
  endpoint: 'https://s3',
  bucket: 'b',
  region: 'us-east-1',
};
const now = new Date('2026-11-20T12:00:00Z');

function told(error: unknown): string {
  const failure = requestFailure(error, question, now);
  return isFailure(failure) ? `${failure.code}: ${failure.why}` : 'no failure';
}

/** An error as the SDK makes it of an answer. */
function answer(
  code: string | undefined,
  status: number,
  more: { headers?: object; Region?: string } = {},
): Error {
  const { headers = {}, ...fields } = more;
  const $response = { statusCode: status, headers };
  return Object.assign(new Error('words'), { $response, ...(code && { name: code, Code: code }), ...fields });
}

test.each([
  ['InvalidAccessKeyId', 403, 's3-credentials: it does not know the access key'],
  ['SignatureDoesNotMatch', 403, 's3-credentials: the secret key is not that of the access key'],
  ['ExpiredToken', 400, 's3-credentials: the session token has expired'],
  ['AccessDenied', 403, 's3-permission: AccessDenied: words'],
  ['KMS.DisabledException', 403, 's3-permission: KMS.DisabledException: words'],
  ['NoSuchBucket', 404, 's3-bucket-missing: it knows no bucket of this name'],
  ['SlowDown', 503, 's3-busy: SlowDown: words'],
  ['RequestTimeout', 400, 's3-busy: RequestTimeout: words'],
  ['TooManyRequests', 429, 's3-busy: TooManyRequests: words'],
  ['InternalError', 500, 's3-busy: InternalError: words'],
  ['ConditionalRequestConflict', 409, 's3-busy: ConditionalRequestConflict: words'],
  ['XAmzContentSHA256Mismatch', 400, 's3-busy: what arrived there was damaged on the way'],
  ['InvalidObjectState', 403, 's3-refused: it is in an archive, and has to be brought back from there first'],
  ['XMinioStorageFull', 507, 'disk-full: XMinioStorageFull: words'],
  ['QuotaExceeded', 403, 'disk-full: QuotaExceeded: words'],
  ['NotImplemented', 501, 's3-refused: NotImplemented: words (501)'],
  ['InvalidStorageClass', 400, 's3-refused: InvalidStorageClass: words (400)'],
  [undefined, 200, 's3-refused: its answer (200) is not one of an S3 server'],
  [undefined, 407, 's3-unreachable: the proxy wants credentials'],
  [undefined, 502, 's3-busy: Error: words'],
])('%s with status %i is %s', (code, status, expected) => {
  expect(told(answer(code, status))).toBe(expected);
});

test('another region is named when the server names it', () => {
  const expected = 's3-region: its region is eu-west-1';
  expect(told(answer('AuthorizationHeaderMalformed', 400, { Region: 'eu-west-1' }))).toBe(expected);
  const headers = { 'x-amz-bucket-region': 'eu-west-1' };
  expect(told(answer('PermanentRedirect', 301, { headers }))).toBe(expected);
  expect(told(answer('AuthorizationHeaderMalformed', 400))).toBe(
    's3-refused: AuthorizationHeaderMalformed: words',
  );
});

function skewed(date: string): string {
  return told(answer('RequestTimeTooSkewed', 403, { headers: { date } }));
}

test('clocks that differ are told with their difference', () => {
  expect(skewed('Fri, 20 Nov 2026 14:00:00 GMT')).toBe('s3-clock: this machine is 2h00m behind the server');
  expect(skewed('Fri, 20 Nov 2026 11:40:00 GMT')).toBe(
    's3-clock: this machine is 20m00s ahead of the server',
  );
  expect(skewed('')).toBe('s3-clock: words');
});

test.each([
  ['ENOTFOUND', 's3-unreachable: its name is not known to the name server', true],
  ['EAI_AGAIN', 's3-unreachable: the name server does not answer', false],
  ['ECONNREFUSED', 's3-unreachable: nobody listens there: the connection was refused', false],
  ['ECONNRESET', 's3-unreachable: the connection was lost', false],
  ['ETIMEDOUT', 's3-unreachable: it did not answer in time', false],
  ['CERT_HAS_EXPIRED', 's3-tls: its certificate has expired', true],
  ['SELF_SIGNED_CERT_IN_CHAIN', 's3-tls: its certificate is not signed by a trusted CA', true],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 's3-tls: words', true],
  ['HPE_INVALID_CONSTANT', 's3-unreachable: it does not speak HTTP', true],
])('%s is %s', (code, expected, lasting) => {
  const error = Object.assign(new Error('words'), { code });
  expect(told(error)).toBe(expected);
  expect(told(new AggregateError([error]))).toBe(expected);
  expect(requestFailure(error, question, now)).toMatchObject({ details: { lasting } });
});

test('what the SDK says of itself', () => {
  const none = Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' });
  expect(told(none)).toBe('s3-no-credentials: Could not load credentials');
  expect(told(new Error('Region is missing'))).toBe('s3-region: no region is set');
  expect(told(Object.assign(new Error('slow'), { name: 'TimeoutError' }))).toMatch(/^s3-unreachable/);
  const reset = Object.assign(new Error('reset'), { name: 'TimeoutError', code: 'ECONNRESET' });
  expect(told(reset)).toBe('s3-unreachable: the connection was lost');
  expect(told(new RangeError('a bug'))).toBe('no failure');
});
