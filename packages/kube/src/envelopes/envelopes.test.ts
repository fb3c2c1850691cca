import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Census, startCensus } from './census.ts';
import { parseEncryptionConfiguration } from './encryption-configuration.ts';
import { readEnvelope } from './envelope.ts';
import { providersFor } from './rules.ts';
import { formatGroupResource, resourceOfKey } from './storage-key.ts';
import { tryKeys } from './trial.ts';

const key = Buffer.alloc(32, 7).toString('base64');

function configuration(resources: string, providers: string): string {
  return JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources: resources.split(' '), providers: JSON.parse(providers) as unknown }],
  });
}

function parse(text: string): ReturnType<typeof parseEncryptionConfiguration> {
  return parseEncryptionConfiguration(Buffer.from(text));
}

function censusOf(...pairs: readonly (readonly [string, Uint8Array | string])[]): Census {
  const taker = startCensus();
  for (const [key, value] of pairs) taker.take(Buffer.from(key), Buffer.from(value));
  return taker.census();
}

describe('an etcd key', () => {
  it.each([
    ['/registry/secrets/default/a', 'secrets'],
    ['/registry/deployments/default/a', 'deployments.apps'],
    ['/registry/minions/node-1', 'nodes'],
    ['/registry/services/specs/default/a', 'services'],
    ['/registry/services/endpoints/default/a', 'endpoints'],
    ['/registry/ingress/default/a', 'ingresses.networking.k8s.io'],
    ['/registry/apiregistration.k8s.io/apiservices/v1.', 'apiservices.apiregistration.k8s.io'],
    ['/registry/example.com/widgets/default/a', 'widgets.example.com'],
    ['/registry/masterleases/10.0.0.1', 'apiServerIPInfo'],
  ])('%s is of %s', (key, resource) => {
    expect(formatGroupResource(resourceOfKey(key, '/registry')!)).toBe(resource);
  });

  it('outside of the prefix is of no resource', () => {
    expect(resourceOfKey('/registry-2/secrets/a', '/registry')).toBeUndefined();
    expect(resourceOfKey('compact_rev_key', '/registry')).toBeUndefined();
    expect(resourceOfKey('/kubernetes.io/secrets/a', '/kubernetes.io')).toEqual({
      group: '',
      resource: 'secrets',
    });
  });
});

describe('the envelope of a value', () => {
  it.each([
    ['k8s\0\n\x0b', 'protobuf', null],
    ['{"kind":"Widget"}', 'json', null],
    [Buffer.from([0xd9, 0xd9, 0xf7, 0xa0]), 'cbor', null],
    ['', 'other', null],
    ['3210', 'other', null],
    ['k8s:enc:aescbc:v1:key1:xyz', 'aescbc', 'key1'],
    ['k8s:enc:aesgcm:v1:schlüssel:xyz', 'aesgcm', 'schlüssel'],
    ['k8s:enc:secretbox:v1::xyz', 'secretbox', ''],
    ['k8s:enc:kms:v1:plugin:\0\x01a', 'kms-v1', 'plugin'],
    ['k8s:enc:kms:v2:plugin:\n', 'kms-v2', 'plugin'],
    ['k8s:enc:aescbc:v2:key1:xyz', 'unknown', ''],
    ['k8s:enc:aescbc:v1:no end', 'unknown', ''],
    [`k8s:enc:aescbc:v1:${'x'.repeat(600)}:`, 'unknown', ''],
  ])('%j is %s', (value, form, keyName) => {
    expect(readEnvelope(Buffer.from(value))).toMatchObject({ form, keyName });
  });

  it('is read of any bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc
        .tuple(fc.constantFrom('k8s:enc:', 'k8s:enc:kms:v2:p:', 'k8s:enc:aescbc:v1:'), fc.uint8Array())
        .map(([prefix, rest]) => Buffer.concat([Buffer.from(prefix), rest])),
    );
    fc.assert(
      fc.property(bytes, (value) => {
        expect(readEnvelope(value).payloadAt).toBeLessThanOrEqual(value.length);
        expect(() => tryKeys(censusOf(['/registry/secrets/a', value]), undefined)).not.toThrow();
      }),
    );
  });
});

describe('a census', () => {
  it('counts values and keeps the smallest one of each key', () => {
    const { groups, values } = censusOf(
      ['/registry/secrets/a', 'k8s:enc:aescbc:v1:k:longer'],
      ['/registry/secrets/b', 'k8s:enc:aescbc:v1:k:short'],
      ['/registry/secrets/c', 'k8s\0plain'],
      ['compact_rev_key', '17'],
    );
    expect(values).toBe(4);
    expect(groups).toEqual([
      { resource: null, form: 'other', keyName: null, values: 1, bytes: 2, sample: null },
      {
        resource: { group: '', resource: 'secrets' },
        form: 'aescbc',
        keyName: 'k',
        values: 2,
        bytes: 51,
        sample: {
          key: new Uint8Array(Buffer.from('/registry/secrets/b')),
          value: new Uint8Array(Buffer.from('k8s:enc:aescbc:v1:k:short')),
        },
      },
      {
        resource: { group: '', resource: 'secrets' },
        form: 'protobuf',
        keyName: null,
        values: 1,
        bytes: 9,
        sample: null,
      },
    ]);
  });

  it('does not grow with the names that values make up', () => {
    const taker = startCensus();
    for (let at = 0; at < 12_000; at += 1)
      taker.take(Buffer.from('/registry/secrets/a'), Buffer.from(`k8s:enc:aescbc:v1:key-${at}:x`));
    const { groups, uncounted } = taker.census();
    expect([groups.length, uncounted]).toEqual([10_000, 2_000]);
  });
});

describe('an EncryptionConfiguration', () => {
  it('is read with comments, several rules and all providers', () => {
    const { value } = parse(`# keys of production
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets, configmaps]
    providers:
      - kms: { apiVersion: v2, name: vault, endpoint: unix:///run/vault.sock, timeout: 3s }
      - secretbox: { keys: [{ name: box, secret: "${key}" }] }
      - identity: {}
  - resources: ["*.apps"]
    providers: [{ kms: { name: old, endpoint: unix:///run/old.sock, cachesize: 10 } }, { identity: {} }]
`);
    expect(value!.rules.map(({ resources }) => resources)).toEqual([['secrets', 'configmaps'], ['*.apps']]);
    expect(value!.rules.map(({ providers }) => providers.map(({ kind }) => kind))).toEqual([
      ['kms-v2', 'secretbox', 'identity'],
      ['kms-v1', 'identity'],
    ]);
  });

  it.each([
    ['an empty file', '', 'it is empty'],
    ['another object', 'apiVersion: v1\nkind: Secret\n', 'it is not an EncryptionConfiguration'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'it holds more than one document'],
    ['broken YAML', `kind: [\n  - ${key}\n "`, 'it is not YAML: line'],
    ['no rules', configuration('secrets', '[]'), 'resources[0].providers is not a list with entries'],
    ['a new provider', configuration('secrets', '[{"rot13":{}}]'), 'names a provider that is not known'],
    [
      'a cut key',
      configuration('secrets', '[{"aescbc":{"keys":[{"name":"k","secret":"c2hvcnQ="}]}}]'),
      'secret has 5 bytes, and aescbc takes 16, 24, 32',
    ],
    [
      'a key that is not base64',
      configuration('secrets', '[{"aescbc":{"keys":[{"name":"k","secret":"not base64"}]}}]'),
      'secret is not base64',
    ],
    [
      'a hidden rule',
      configuration('*.* secrets', '[{"identity":{}}]'),
      'an earlier rule hides the one for secrets',
    ],
  ])('is refused: %s', (_, text, fault) => {
    expect(parse(text).fault).toContain(fault);
  });

  it('never shows its keys when it is refused', () => {
    const whole = configuration('secrets', `[{"aescbc":{"keys":[{"name":"k","secret":"${key}"}]}}]`);
    for (let end = 0; end < whole.length; end += 1)
      expect(parse(whole.slice(0, end)).fault ?? '').not.toContain(key.slice(0, 8));
    expect(parse(whole.replace(key, key.slice(4))).fault).not.toContain(key.slice(4, 12));
  });

  it('gives each resource the providers of the most exact rule, and adds those of equal ones up', () => {
    const rules = [
      { resources: ['secrets', 'deployments.apps'], providers: ['a'] },
      { resources: ['secrets', '*.apps'], providers: ['b'] },
      { resources: ['*.*'], providers: ['c'] },
    ];
    const of = (group: string, resource: string): unknown => providersFor(rules, { group, resource });
    expect(of('', 'secrets')).toEqual(['a', 'b']);
    expect(of('apps', 'deployments')).toEqual(['a']);
    expect(of('apps', 'daemonsets')).toEqual(['b']);
    expect(of('example.com', 'widgets')).toEqual(['c']);
    expect(providersFor(rules.slice(0, 2), { group: '', resource: 'pods' })).toBeUndefined();
  });
});

/** A value of the key `a:b`, as aescbc writes it. */
function cbc(secret: Buffer, plain: string): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', secret, iv);
  return Buffer.concat([Buffer.from('k8s:enc:aescbc:v1:a:b:'), iv, cipher.update(plain), cipher.final()]);
}

function withKey(name: string): string {
  return configuration('secrets', `[{"aescbc":{"keys":[{"name":"${name}","secret":"${key}"}]}}]`);
}

describe('a trial', () => {
  it('finds a key whose name holds a colon', () => {
    const census = censusOf(['/registry/secrets/a', cbc(Buffer.alloc(32, 7), 'k8s\0x')]);
    expect(census.groups[0]!.keyName).toBe('a');
    expect(tryKeys(census, parse(withKey('a:b')).value)).toMatchObject([{ result: 'opened' }]);
    expect(tryKeys(census, parse(withKey('b')).value)).toMatchObject([{ result: 'no-key' }]);
  });

  it('opens custom resources, which are JSON, and is not deceived by what only begins like it', () => {
    for (const [plain, result] of [
      ['{"kind":"Widget"}\n', 'opened'],
      ['{~\u0001 by chance', 'wrong-key'],
    ] as const) {
      const census = censusOf(['/registry/secrets/a', cbc(Buffer.alloc(32, 7), plain)]);
      expect(tryKeys(census, parse(withKey('a:b')).value)).toMatchObject([{ result }]);
    }
  });

  it('is not deceived by a padding that a wrong key meets by chance', () => {
    for (let run = 0; run < 2_000; run += 1) {
      const census = censusOf(['/registry/secrets/a', cbc(randomBytes(32), 'k8s\0x')]);
      expect(tryKeys(census, parse(withKey('a:b')).value)[0]!.result).toBe('wrong-key');
    }
  });

  it('tells which key of a KMS is needed, and that its plugin has to be asked', () => {
    const message = Buffer.concat([Buffer.from('\x0a\x02xx\x12\x06key-42\x1a\x01y\x28\x01', 'latin1')]);
    const value = Buffer.concat([Buffer.from('k8s:enc:kms:v2:vault:'), message]);
    const kms = configuration(
      'secrets',
      '[{"kms":{"apiVersion":"v2","name":"vault","endpoint":"unix:///x"}}]',
    );
    const census = censusOf(['/registry/secrets/a', value]);
    expect(tryKeys(census, parse(kms).value)).toMatchObject([{ result: 'needs-kms', kmsKeyId: 'key-42' }]);
    expect(tryKeys(census, undefined)).toMatchObject([{ result: 'no-key', kmsKeyId: 'key-42' }]);
    const cut = censusOf(['/registry/secrets/a', value.subarray(0, -8)]);
    expect(tryKeys(cut, parse(kms).value)).toMatchObject([{ result: 'unknown' }]);
    const v1 = censusOf(['/registry/secrets/a', 'k8s:enc:kms:v1:vault:\0\x02aaxyz']);
    expect(tryKeys(v1, parse(kms).value)).toMatchObject([{ result: 'no-key', kmsKeyId: null }]);
  });
});
