import { createPrivateKey, sign } from 'node:crypto';
import { isFailure, limits } from '@holdfast/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../record.ts';
import { openManifest, signManifest, verifyManifest } from './envelope.ts';
import { preAuthenticationEncoding } from './pae.ts';
import { SigningKey } from './signing-key.ts';

const [one, other, stranger] = [SigningKey.generate(), SigningKey.generate(), SigningKey.generate()];
const known = [one.publicKey, other.publicKey];
const manifest = encodeRecord({
  apiVersion: 'holdfast.dev/v2',
  name: 'nightly-1',
  note: 'Grüße ✓',
  revision: 7,
});
const sorted = (...keys: SigningKey[]): string[] => keys.map((key) => key.publicKey.keyid).sort();

function whyOf(bytes: Uint8Array): string {
  try {
    openManifest(bytes, 'manifest.json');
  } catch (error) {
    if (isFailure(error, 'manifest-damaged')) return error.why;
    throw error;
  }
  return 'opened';
}

/** Whether the bytes are a manifest that a known key has signed. */
function proven(bytes: Buffer): boolean {
  if (whyOf(bytes) !== 'opened') return false;
  return verifyManifest(openManifest(bytes, 'manifest.json'), known).signedBy.length > 0;
}

/** The first is the example of DSSE's protocol. */
it('encodes what is signed as DSSE says, with lengths in bytes', () => {
  const encoded = preAuthenticationEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
  expect(encoded.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  expect(preAuthenticationEncoding('é', Buffer.from('ü')).toString()).toBe('DSSEv1 2 é 2 ü');
  expect(preAuthenticationEncoding('t', Buffer.alloc(0)).toString()).toBe('DSSEv1 1 t 0 ');
});

it('signs with Ed25519 of RFC 8032: its first test key and message give its signature', () => {
  const der = Buffer.from(
    '302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  );
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
  expect(SigningKey.parse(pem, 'key').sign(Buffer.alloc(0)).toString('hex')).toBe(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
});

describe('a signed manifest', () => {
  it('is one object, the same for the same keys in any order, with the exact bytes in it', () => {
    const bytes = signManifest(manifest, [one, other]);
    expect(signManifest(manifest, [other, one, other]).equals(bytes)).toBe(true);
    expect(Object.keys(JSON.parse(bytes.toString()) as object)).toEqual([
      'payloadType',
      'payload',
      'signatures',
    ]);
    const envelope = openManifest(bytes, 'manifest.json');
    expect(envelope.payload.equals(manifest)).toBe(true);
    expect(envelope.signatures.map(({ keyid }) => keyid)).toEqual(sorted(one, other));
  });

  it('tells whose signatures fit, whose do not, and which are of nobody', () => {
    const envelope = openManifest(signManifest(manifest, [one, other, stranger]), 'manifest.json');
    const signers = verifyManifest(envelope, known);
    expect(signers.signedBy).toEqual(sorted(one, other));
    expect(signers.unknown).toEqual(sorted(stranger));
    const payload = encodeRecord({ ...(JSON.parse(manifest.toString()) as object), revision: 8 });
    expect(verifyManifest({ ...envelope, payload }, known)).toEqual({
      signedBy: [],
      broken: sorted(one, other),
      unknown: sorted(stranger),
    });
    expect(verifyManifest(openManifest(signManifest(manifest, []), 'manifest.json'), known)).toEqual({
      signedBy: [],
      broken: [],
      unknown: [],
    });
  });

  it('is not proven by a signature in the name of another key, nor by one for another type', () => {
    const { payload, signatures } = openManifest(signManifest(manifest, [stranger]), 'manifest.json');
    const renamed = signatures.map(({ sig }) => ({ keyid: one.publicKey.keyid, sig }));
    expect(verifyManifest({ payload, signatures: renamed }, known).broken).toEqual(sorted(one));
    const sig = one.sign(preAuthenticationEncoding('application/json', manifest));
    const elsewhere = [{ keyid: one.publicKey.keyid, sig }];
    expect(verifyManifest({ payload, signatures: elsewhere }, known).broken).toEqual(sorted(one));
    const bare = [{ keyid: one.publicKey.keyid, sig: one.sign(manifest) }];
    expect(verifyManifest({ payload, signatures: bare }, known).broken).toEqual(sorted(one));
  });

  it('holds whatever JSON has, and comes back byte by byte', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
        // What was never read from JSON may hold a negative zero, which JSON writes as zero.
        const bytes = encodeRecord(JSON.parse(JSON.stringify(record)) as object);
        const envelope = openManifest(signManifest(bytes, [one]), 'manifest.json');
        expect(envelope.payload.equals(bytes)).toBe(true);
        expect(verifyManifest(envelope, known).signedBy).toEqual(sorted(one));
      }),
    );
  });

  it('cannot be altered by one bit, cut or lengthened unnoticed', () => {
    const bytes = signManifest(manifest, [one]);
    expect(proven(bytes)).toBe(true);
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const altered = Buffer.from(bytes);
        altered[at] = (altered[at] ?? 0) ^ (1 << bit);
        if (proven(altered)) throw new Error(`bit ${bit} of byte ${at} can be altered`);
      }
    }
    for (const length of [0, 1, 100, bytes.length - 1]) expect(proven(bytes.subarray(0, length))).toBe(false);
    for (const more of [' ', '\n', '{}'])
      expect(proven(Buffer.concat([bytes, Buffer.from(more)]))).toBe(false);
  });

  it('is not made of what could not be opened', () => {
    expect(() => signManifest(Buffer.from('{"a":1}'), [one])).toThrow(RangeError);
    expect(() => signManifest(encodeRecord([]), [one])).toThrow('its payload is not a JSON object');
    const large = encodeRecord({ a: 'a'.repeat(limits.recordBytes * 0.75) });
    expect(() => signManifest(large, [one])).toThrow(RangeError);
    const many = Array.from({ length: limits.manifestSignatures + 1 }, () => SigningKey.generate());
    expect(() => signManifest(manifest, many)).toThrow('it has 17 signatures');
    expect(openManifest(signManifest(manifest, many.slice(1)), 'm').signatures).toHaveLength(16);
  });
});

const payloadOf = (json: string) => ({ payload: Buffer.from(json).toString('base64') });
const spareBits = (base64: string) => base64.replace(/[A-Za-z](==?)$/, (_, padding: string) => `B${padding}`);

describe('an object is no signed manifest', () => {
  const text = signManifest(manifest, [one, other]).toString();
  const value = JSON.parse(text) as {
    payloadType: string;
    payload: string;
    signatures: [{ keyid: string; sig: string }, { keyid: string; sig: string }];
  };
  const [first, second] = value.signatures;
  const written = (...changes: object[]): Buffer =>
    encodeRecord(Object.assign({}, value, ...changes) as object);
  const otherwise = 'it is not spelled as Holdfast writes it';

  it.each([
    ['with nothing in it', Buffer.alloc(0), 'it is not a JSON object'],
    ['in no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'it is not a JSON object'],
    ['with a byte order mark', Buffer.from(`\ufeff${text}`), 'it is not a JSON object'],
    ['that is a list', Buffer.from('[]\n'), 'it is not a JSON object'],
    ['nested without end', Buffer.from('['.repeat(1_000_000)), 'it is not a JSON object'],
    ['larger than any', Buffer.alloc(limits.recordBytes + 1), `it has ${limits.recordBytes + 1} bytes`],
    ['of the older format', manifest, 'it is of type none, not "application/vnd.holdfast.manifest+json"'],
    ['of another type', written({ payloadType: 'text/x' }), 'it is of type "text/x", not'],
    ['without a payload', written({ payload: null }), 'it has no payload'],
    ['without signatures', written({ signatures: undefined }), 'it has no list of signatures'],
    [
      'with too many',
      written({ signatures: Array.from({ length: 17 }, () => first) }),
      'it has 17 signatures',
    ],
    ['with an empty one', written({ signatures: [null] }), 'a signature lacks its keyid or sig'],
    [
      'with one without id',
      written({ signatures: [{ sig: first.sig }] }),
      'a signature lacks its keyid or sig',
    ],
    [
      'with an id that is none',
      written({ signatures: [{ keyid: 'A', sig: first.sig }] }),
      'a keyid that is none',
    ],
    ['with one twice', written({ signatures: [first, first] }), 'not sorted by keyid, each once'],
    ['in another order', written({ signatures: [second, first] }), 'not sorted by keyid, each once'],
    ['with a short one', written({ signatures: [{ ...first, sig: 'AAAA' }] }), 'a signature has 3 bytes'],
    ['with more fields', written({ more: 1 }), otherwise],
    ['with a field twice', Buffer.from(text.replace('{', '{\n  "payload": "e30=",')), otherwise],
    ['in one line', Buffer.from(JSON.stringify(value)), otherwise],
    ['with escapes', Buffer.from(text.replace('"payload"', String.raw`"p\u0061yload"`)), otherwise],
    ['with spare bits', written({ signatures: [{ ...first, sig: spareBits(first.sig) }] }), otherwise],
    [
      'without padding',
      written({ signatures: [{ ...first, sig: first.sig.replace(/=+$/, '') }] }),
      otherwise,
    ],
    ['with URL-safe base64', written({ payload: '-_-_' }), otherwise],
    ['around no JSON', written(payloadOf('hello world')), 'its payload is not a JSON object'],
    [
      'around a field twice',
      written(payloadOf('{\n  "a": 1,\n  "a": 2\n}\n')),
      'its payload is not spelled as',
    ],
    ['around other spaces', written(payloadOf('{"a":1}')), 'its payload is not spelled as'],
    [
      'around depths',
      written(payloadOf(`{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)),
      'its payload is not spelled',
    ],
  ])('%s', (_, bytes, why) => {
    expect(whyOf(bytes)).toContain(why);
  });
});

it('takes no second form of a signature that somebody without the key could make', () => {
  const signed = preAuthenticationEncoding('application/vnd.holdfast.manifest+json', manifest);
  const { sig } = openManifest(signManifest(manifest, [one]), 'm').signatures[0]!;
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(sig.subarray(32).toReversed()).toString('hex')}`);
  for (let times = 1n; s + times * order < 2n ** 256n; times += 1n) {
    const hex = (s + times * order).toString(16).padStart(64, '0');
    const form = Buffer.concat([sig.subarray(0, 32), Buffer.from(hex, 'hex').toReversed()]);
    expect(one.publicKey.verifies(signed, form)).toBe(false);
  }
  expect(one.publicKey.verifies(signed, sig)).toBe(true);
  // The signature has no randomness either: the same key makes the same one.
  expect(sign(null, signed, createPrivateKey(one.reveal())).equals(sig)).toBe(true);
});
