import type { JournalRecord } from '@holdfast/model';
import { expect, test } from 'vitest';
import { quietIo } from '../docs/quiet-io.ts';
import { Verb } from '../program/verb.ts';
import { openSession } from '../session.ts';
import { stillClock } from '../testing/io.ts';
import { fixedPlan } from '../testing/plan.ts';
import { stepLines } from './restore-steps.ts';

const records: readonly Omit<JournalRecord, 'n'>[] = [
  { at: '2026-11-20T09:15:00.000Z', event: 'taken' },
  { at: '2026-11-20T09:15:00.000Z', event: 'begin', step: 7 },
  { at: '2026-11-20T09:15:00.000Z', event: 'begin', step: 8 },
  { at: '2026-11-20T09:15:01.200Z', event: 'done', step: 8 },
  { at: '2026-11-20T09:15:02.000Z', event: 'failed', step: 7, evidence: { why: 'm1 does not stop' } },
  { at: '2026-11-20T09:15:02.000Z', event: 'back', evidence: { why: 'step 7 (stop m1)' } },
  { at: '2026-11-20T09:15:02.000Z', event: 'undo', step: 8 },
  { at: '2026-11-20T09:15:03.000Z', event: 'undone', step: 8 },
  { at: '2026-11-20T09:15:03.000Z', event: 'undone', step: 4 },
  { at: '2026-11-20T09:15:03.000Z', event: 'stuck', step: 7, evidence: { why: 'still acts' } },
  { at: '2026-11-20T09:15:03.000Z', event: 'begin', step: 7, evidence: { warning: 'm1 ran again' } },
  { at: '2026-11-20T09:15:03.000Z', event: 'done', step: 21, evidence: { warning: 'no space' } },
];

/** What the records print on stderr. */
async function printed(args: readonly string[], isTTY: boolean): Promise<string> {
  const out: string[] = [];
  const stderr = { write: (text: string) => out.push(text), isTTY, columns: 100 };
  const verb = new Verb('run', quietIo).option('-q, --quiet').option('--output <format>');
  verb.parse(args, { from: 'user' });
  const io = { ...quietIo, stderr, clock: stillClock };
  const session = await openSession(verb.optsWithGlobals(), io);
  const tell = stepLines(session, verb, fixedPlan());
  for (const [n, record] of records.entries()) tell({ n, ...record });
  return out.join('');
}

test('a line for each beginning and end of a step, with what went wrong', async () => {
  expect(await printed([], false)).toMatchInlineSnapshot(`
    "[7/21] Shutdown  stop m1 …
    [8/21] Shutdown  stop m2 …
    [8/21] Shutdown  stop m2: done in 1.2s
    [7/21] Shutdown  stop m1: failed after 2.0s: m1 does not stop
    Putting everything back as it was: step 7 (stop m1)
    [8/21] Shutdown  stop m2: undoing …
    [8/21] Shutdown  stop m2: undone in 1.0s
    [7/21] Shutdown  stop m1: cannot be undone: still acts
    [7/21] Shutdown  stop m1 again, since m1 ran again …
    [21/21] Finished  save cluster: done in 0.0s, but: no space
    "
  `);
});

test('on a terminal a beginning is a line that its end replaces', async () => {
  const text = await printed([], true);
  expect(text).toContain('\r\u001b[2K[7/21] Shutdown  stop m1 …');
  expect(text).toContain('\r\u001b[2K[8/21] Shutdown  stop m2: done in 1.2s\n');
  expect(text).toContain('[7/21] Shutdown  stop m1 again, since m1 ran again …\n');
});

test('nothing for scripts', async () => {
  expect(await printed(['--quiet'], false)).toBe('');
  expect(await printed(['--quiet', '--output', 'table'], true)).toBe('');
  expect(await printed(['--output', 'json'], false)).toBe('');
});
