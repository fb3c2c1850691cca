import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ArtefactSource } from '@holdfast/engine';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placesOf } from '../places.ts';
import { testContext, testMember, testPlan, TestRestore } from './test-restore.ts';

const bytes = randomBytes(300_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');

let base: string;
let restore: TestRestore;
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'holdfast-fetch-'));
  const file = join(base, 'snapshot.db');
  writeFileSync(file, bytes);
  const member = testMember(base);
  restore = new TestRestore(testPlan([member], file), member);
  await restore.perform(['lock']);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const artefactPath = (): string => placesOf(restore.plan, restore.member).artefact;
const part = (): string => `${artefactPath()}.part`;

/** A source that breaks off before a byte, and remembers where it was begun at. */
function source(until = Infinity, content = bytes): ArtefactSource & { readonly froms: number[] } {
  const froms: number[] = [];
  return {
    ...{ sha256, size: bytes.length, froms },
    async *open(_signal, from = 0) {
      froms.push(from);
      yield content.subarray(from, Math.min(until, content.length));
      if (until < content.length) throw new Error('the connection broke');
    },
  };
}

test('what has arrived before a connection broke is kept and gone on with', async () => {
  await expect(restore.perform(['fetch'], { artefact: source(100_000) })).rejects.toThrow('broke');
  expect(readFileSync(part())).toHaveLength(100_000);
  const rest = source();
  expect(await restore.perform(['fetch'], { artefact: rest })).toMatchObject({ sha256, received: true });
  expect(rest.froms).toEqual([100_000]);
  expect(readFileSync(artefactPath()).equals(bytes)).toBe(true);
  expect(existsSync(part())).toBe(false);
});

test.each([
  ['holds something else', Buffer.alloc(100_000), [100_000, 0]],
  ['is longer than it may be', Buffer.alloc(400_000), [0]],
  ['is whole', bytes, []],
])('what is left of an earlier attempt and %s does no harm', async (_, left, froms) => {
  mkdirSync(dirname(part()), { recursive: true });
  writeFileSync(part(), left);
  const artefact = source();
  await restore.perform(['fetch'], { artefact });
  expect(artefact.froms).toEqual(froms);
  expect(readFileSync(artefactPath()).equals(bytes)).toBe(true);
});

test('bytes that are not the snapshot are refused, and nothing of them is left', async () => {
  const wrong = source(Infinity, randomBytes(bytes.length));
  await expect(restore.perform(['fetch'], { artefact: wrong })).rejects.toMatchObject({
    code: 'node-failed',
    why: expect.stringContaining(`not ${bytes.length} with ${sha256}`) as string,
  });
  expect(wrong.froms).toEqual([0]);
  expect([existsSync(part()), existsSync(artefactPath())]).toEqual([false, false]);
});

test('told to stop while it begins anew it stops, and the process goes on', async () => {
  mkdirSync(dirname(part()), { recursive: true });
  writeFileSync(part(), Buffer.alloc(100_000));
  const stop = new AbortController();
  const artefact = source();
  const stopping: ArtefactSource = {
    ...artefact,
    async *open(signal, from) {
      yield* artefact.open(signal, from);
      stop.abort(new Error('another node has failed'));
    },
  };
  const context = { ...testContext, signal: stop.signal };
  await expect(restore.perform(['fetch'], { artefact: stopping }, context)).rejects.toThrow('another node');
});
