import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { isFailure } from '@holdfast/base';
import { describe, expect, it } from 'vitest';
import { parseSecretKeyFile } from '../keys/secret-key.ts';
import { memorySource, streamOf } from '../testing/bytes.ts';
import type { OpenWith } from './header.ts';
import { openSealed } from './sealed-source.ts';
import { unseal } from './unseal.ts';

/*
 * The published vectors of age (test/fixtures/age/README.md), opened as streams, in one piece and byte by byte, and by
 * position.
 */

const folder = join(import.meta.dirname, '../../../../../test/fixtures/age/vectors');

interface Vector {
  readonly fields: ReadonlyMap<string, string>;
  readonly identities: readonly string[];
  readonly passphrases: readonly string[];
  readonly file: Buffer;
}

function readVector(name: string): Vector {
  const bytes = readFileSync(join(folder, name));
  const end = bytes.indexOf('\n\n');
  const lines = bytes.subarray(0, end).toString().split('\n');
  const pairs = lines.map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]);
  const all = (key: string) => pairs.filter((pair) => pair[0] === key).map((pair) => pair[1]!);
  const fields = new Map(pairs as [string, string][]);
  const file = bytes.subarray(end + 2);
  return {
    fields,
    identities: all('identity'),
    passphrases: all('passphrase'),
    file: fields.get('compressed') === 'zlib' ? inflateSync(file) : file,
  };
}

/** Why a vector is none of ours; undefined when it is. */
function notOurs({ fields, identities }: Vector): string | undefined {
  if (fields.get('armored') === 'yes') return 'armor: Holdfast neither writes nor reads it';
  if (identities.some((identity) => identity.startsWith('AGE-SECRET-KEY-PQ-')))
    return 'post-quantum keys: the age that distributions ship does not know them, so Holdfast does not either';
  return undefined;
}

/** The failure, and the explanation that the vector's outcome must have. */
const outcomes: Record<string, readonly [string, RegExp] | undefined> = {
  success: undefined,
  'no match': ['key-not-matching', /sealed for other keys/],
  'HMAC failure': ['object-damaged', /HMAC/],
  'header failure': ['object-damaged', /header|begin as an age file|scrypt/],
  'payload failure': ['object-damaged', /payload|cut off after/],
};

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<{ sha256: string; error: unknown }> {
  const hash = createHash('sha256');
  let error: unknown;
  try {
    for await (const chunk of chunks) hash.update(chunk);
  } catch (thrown) {
    error = thrown;
  }
  return { sha256: hash.digest('hex'), error };
}

function expectOutcome(error: unknown, outcome: string): void {
  const expected = outcomes[outcome];
  if (expected === undefined) return expect(error).toBeUndefined();
  expect(error).toSatisfy((thrown) => isFailure(thrown));
  expect(error).toMatchObject({ code: expected[0], why: expect.stringMatching(expected[1]) });
}

describe('a published vector of age', () => {
  for (const name of readdirSync(folder)) {
    const vector = readVector(name);
    const { fields, identities, passphrases, file } = vector;
    const why = notOurs(vector);
    const outcome = fields.get('expect')!;
    it.skipIf(why !== undefined)(`${name}: ${why ?? outcome}`, async () => {
      const using: OpenWith = {
        keys: identities.length === 0 ? [] : await parseSecretKeyFile(identities.join('\n'), 'identity'),
        passphrases,
      };
      const ways = [[file], file.length > 10_000 ? [file] : Array.from(file, (byte) => Uint8Array.of(byte))];
      for (const chunks of ways) {
        const { sha256, error } = await collect(unseal(streamOf(chunks), using, name));
        expectOutcome(error, outcome);
        if (fields.has('payload')) expect(sha256).toBe(fields.get('payload'));
      }
      const byPosition = async () => {
        const source = await openSealed(memorySource(file, name), using);
        return source.read(0, source.size);
      };
      if (outcome !== 'success') {
        const error = await byPosition().catch((thrown: unknown) => thrown);
        return expectOutcome(error, outcome);
      }
      expect(
        createHash('sha256')
          .update(await byPosition())
          .digest('hex'),
      ).toBe(fields.get('payload'));
    });
  }

  it('is there to be opened', () => {
    const ours = readdirSync(folder).filter((name) => notOurs(readVector(name)) === undefined);
    expect(ours.length).toBeGreaterThan(80);
  });
});
