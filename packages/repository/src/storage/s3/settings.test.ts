import { expect, test } from 'vitest';
import { openS3 } from './open.ts';
import { proxyFor } from './proxy.ts';
import { checkS3Settings, endpointUrl, type S3Settings } from './settings.ts';
import { partSize } from './part-size.ts';

test.each<[Partial<S3Settings>, string]>([
  [{ bucket: '' }, 'bucket'],
  [{ bucket: 'a/b' }, 'bucket'],
  [{ folder: '/a' }, 'folder'],
  [{ folder: 'a/../b' }, 'folder'],
  [{ endpoint: 'ftp://host' }, 'endpoint'],
  [{ endpoint: 'https://host/path' }, 'endpoint'],
  [{ endpoint: 'https://user@host' }, 'endpoint'],
  [{ endpoint: 'https://:word@host' }, 'endpoint'],
  [{ role: { arn: 'arn:aws:iam::1:role/r', endpoint: 'sts' } }, 'role'],
  [{ proxy: 'socks5://host' }, 'proxy'],
  [{ ca: 'no certificate' }, 'ca'],
  [{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }, 'ca'],
  [{ credentials: { accessKeyId: 'a', secretAccessKey: '' } }, 'credentials'],
  [{ credentials: { accessKeyId: 'a', secretAccessKey: 'b\n' } }, 'credentials'],
  [{ credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c\n' } }, 'credentials'],
  [{ encryption: { kind: 'customer', key: Buffer.alloc(16) } }, 'encryption'],
  [{ lock: { mode: 'compliance', days: 0 } }, 'lock'],
  [{ partBytes: 1 << 20 }, 'partBytes'],
  [{ parallel: 0 }, 'parallel'],
])('%j is told by its field', (change, field) => {
  const refused = expect.objectContaining({
    code: 'config-invalid',
    why: expect.stringMatching(`^${field}: `),
  });
  expect(() => checkS3Settings({ bucket: 'good', ...change })).toThrow(refused);
});

test('what may be a password in an endpoint is not repeated', () => {
  const quiet = expect.objectContaining({ why: expect.not.stringContaining('pa55') });
  expect(() => checkS3Settings({ bucket: 'good', endpoint: 'https://user:pa55@host' })).toThrow(quiet);
});

test.each([
  ['host', 'https://host'],
  ['host:9000', 'https://host:9000'],
  ['[::1]:9000', 'https://[::1]:9000'],
  ['http://host:9000/', 'http://host:9000'],
  ['HTTPS://Host', 'https://host'],
])('endpoint %s is %s', (text, origin) => {
  expect(endpointUrl(text)?.origin).toBe(origin);
});

test('that nobody is verified is told', async () => {
  const told: string[] = [];
  const warn = (message: string): void => void told.push(message);
  const settings = { bucket: 'bkt', folder: 'a/b', endpoint: 'localhost:1', skipVerify: true };
  const storage = await openS3(settings, { random: () => 0.5, variables: {}, warn });
  expect(storage.location).toBe('s3://bkt/a/b');
  expect(told).toEqual([expect.stringContaining('not verified')]);
});

const proxy = 'http://proxy:3128';
test.each<[string, string | undefined, Record<string, string>, string | undefined]>([
  ['https://s3:9000', undefined, {}, undefined],
  ['https://s3:9000', proxy, {}, 'proxy:3128'],
  ['https://s3:9000', 'none', { HTTPS_PROXY: proxy }, undefined],
  ['https://s3:9000', undefined, { HTTPS_PROXY: proxy }, 'proxy:3128'],
  ['https://s3:9000', undefined, { HTTPS_PROXY: proxy, https_proxy: 'other:1' }, 'other:1'],
  ['https://s3:9000', undefined, { HTTP_PROXY: proxy }, undefined],
  ['http://s3:9000', undefined, { HTTP_PROXY: proxy }, 'proxy:3128'],
  ['https://s3:9000', undefined, { ALL_PROXY: proxy }, 'proxy:3128'],
  ['https://s3:9000', undefined, { HTTPS_PROXY: '' }, undefined],
  ['https://s3:9000', undefined, { HTTPS_PROXY: proxy, NO_PROXY: '*' }, undefined],
  ['https://s3.corp:9000', undefined, { HTTPS_PROXY: proxy, NO_PROXY: 'other, .corp' }, undefined],
  ['https://s3.corp:9000', undefined, { HTTPS_PROXY: proxy, NO_PROXY: 'corp' }, undefined],
  ['https://s3.corp:9000', undefined, { HTTPS_PROXY: proxy, NO_PROXY: 'orp' }, 'proxy:3128'],
  ['https://s3.corp:9000', undefined, { HTTPS_PROXY: proxy, NO_PROXY: 's3.corp:443' }, 'proxy:3128'],
  ['https://s3.corp:9000', undefined, { HTTPS_PROXY: proxy, NO_PROXY: 's3.corp:9000' }, undefined],
  ['https://10.1.2.3', undefined, { HTTPS_PROXY: proxy, NO_PROXY: '10.0.0.0/8' }, undefined],
  ['https://11.1.2.3', undefined, { HTTPS_PROXY: proxy, NO_PROXY: '10.0.0.0/8,10.0.0.0/99' }, 'proxy:3128'],
  ['https://[fd00::1]', undefined, { HTTPS_PROXY: proxy, NO_PROXY: 'fd00::1' }, undefined],
])('to %s with %s and %j by way of %s', (target, setting, variables, way) => {
  expect(proxyFor(new URL(target), setting, variables)?.host).toBe(way);
});

test('parts grow so that 10,000 of them hold what an object may have', () => {
  const first = 5 << 20;
  expect([1, 1000, 1001, 10_000].map((n) => partSize(n, first) / first)).toEqual([1, 1, 2, 512]);
  let total = 0;
  for (let n = 1; n <= 10_000; n += 1) total += partSize(n, first);
  expect(total).toBeGreaterThan(4.8 * 1024 ** 4);
  expect(() => partSize(10_001, first)).toThrow(RangeError);
  expect(partSize(10_000, 1024 ** 3)).toBe(5 * 1024 ** 3);
});
