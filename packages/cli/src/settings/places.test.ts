import { expect, test } from 'vitest';
import { Failure } from '@holdfast/base';
import { placeOf } from './places-schema.ts';
import type { Place } from './places.ts';
import { parseSettings } from './yaml.ts';

function places(text: string): Place[] {
  const { repositories = {} } = parseSettings(text, (line, problem) => {
    throw new Failure('config-invalid', `line ${line}: ${problem}`);
  });
  return Object.entries(repositories).map(([name, entry]) => placeOf(name, entry, '/etc/holdfast'));
}

test('a folder, and a bucket with everything that can be said of it', () => {
  expect(
    places(`repositories:
  local: { path: ../backup, dropLocal: true }
  offsite:
    required: false
    limits: { uploadPerSecond: 20 MiB, downloadPerSecond: 1000, concurrency: 2 }
    s3:
      bucket: b
      folder: x/y
      endpoint: host:9000
      region: r
      style: path
      caFile: ca.crt
      skipVerify: true
      proxy: http://proxy:3128
      credentialsFile: keys
      role: { arn: 'arn:x', externalId: e, sessionName: s, endpoint: 'https://sts' }
      encryption: customer:sse.key
      storageClass: COLD
      lock: governance:30d
      partSize: 16 MiB
      parallel: 2
      conditionalWrites: none
  least: { s3: { bucket: c, role: 'arn:y', ca: PEM } }
`),
  ).toEqual([
    { name: 'local', required: true, dropLocal: true, limits: {}, at: { folder: '/etc/backup' } },
    {
      name: 'offsite',
      required: false,
      dropLocal: false,
      limits: { uploadPerSecond: 20 << 20, downloadPerSecond: 1000, concurrency: 2 },
      at: {
        s3: {
          bucket: 'b',
          folder: 'x/y',
          endpoint: 'host:9000',
          region: 'r',
          style: 'path',
          caFile: '/etc/holdfast/ca.crt',
          skipVerify: true,
          proxy: 'http://proxy:3128',
          credentialsFile: '/etc/holdfast/keys',
          role: { arn: 'arn:x', externalId: 'e', sessionName: 's', endpoint: 'https://sts' },
          encryption: 'customer:/etc/holdfast/sse.key',
          storageClass: 'COLD',
          lock: 'governance:30d',
          partSize: 16 << 20,
          parallel: 2,
          conditionalWrites: 'none',
        },
      },
    },
    {
      name: 'least',
      required: true,
      dropLocal: false,
      limits: {},
      at: { s3: { bucket: 'c', role: { arn: 'arn:y' }, ca: 'PEM' } },
    },
  ]);
});

test.each([
  ['  a: {}', 'line 2: repositories.a: it needs either path or s3'],
  ['  a: { path: /x, s3: { bucket: b } }', 'line 2: repositories.a: it needs either path or s3'],
  ['  a: { s3: { bucket: b }, dropLocal: true }', 'repositories.a: dropLocal is about a folder'],
  ['  a: { s3: { folder: b } }', 'line 2: repositories.a.s3.bucket: '],
  ['  a/b: { path: /x }', 'line 2: repositories.a/b: a name has letters'],
  [
    '  a: { path: /x, requird: true }',
    'repositories.a.requird is not a field of a repository; there are path, s3',
  ],
  [
    '  a:\n    s3:\n      bucket: b\n      regoin: x',
    'line 5: repositories.a.s3.regoin is not a field of a repository; there are bucket, folder',
  ],
  ['  a: { path: /x, limits: { speed: 1 } }', 'there are uploadPerSecond, downloadPerSecond, concurrency'],
  ['  a: { path: /x, limits: { uploadPerSecond: fast } }', '"fast" is no number of bytes'],
  ['  a: { s3: { bucket: b, lock: 30d } }', 'repositories.a.s3.lock: "30d" is none of governance:30d'],
  ['  a: { s3: { bucket: b, encryption: aes } }', '"aes" is none of s3, kms'],
  ['  a: { s3: { bucket: b, style: dns } }', 'repositories.a.s3.style: '],
  ['  a: { s3: { bucket: b, proxy: "http://u:hunter2@p" } }', 'repositories.a.s3.proxy: a login in it'],
  ['  a: { s3: { bucket: b, role: { name: x } } }', 'repositories.a.s3.role'],
  ...['secretKey', 'SECRET_KEY', 'accessKey', 'secretAccessKey', 'sessionToken', 'aws_secret_access_key'].map(
    (key) => [
      `  a: { s3: { bucket: b, ${key}: hunter2 } }`,
      `repositories.a.s3.${key} is not read from this file; name a file of its own with credentialsFile`,
    ],
  ),
  ['  a: { path: /x, passphrase: hunter2 }', 'name a file of its own with keys.passphraseFile'],
])('%j is refused', (text, why) => {
  const refused = (): unknown => places(`repositories:\n${text}\n`);
  expect(refused).toThrow(Failure);
  try {
    refused();
  } catch (error) {
    expect((error as Failure).why).toContain(why);
    expect((error as Failure).why).not.toContain('hunter2');
  }
});
