import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { adoptRestore } from './adopt.ts';
import { resumeRestore } from './lead.ts';
import { readRestore } from './read.ts';
import { codeOf, stageIn, whole } from './testing/stage.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-adopt-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A restore that stands still after its members were stopped, and another state directory. */
async function paused() {
  const stage = stageIn(base, whole, {
    onRecord: ({ event, step }) => {
      const kind = whole.steps[(step ?? 0) - 1]?.kind;
      if (event === 'begin' && kind === 'stop') stage.person.abort(new Error('the machine is gone'));
    },
  });
  expect(await codeOf(stage.run())).toBe('restore-paused');
  const { records } = await readRestore(stage.stateDir, stage.plan.id);
  const elsewhere = mkdtempSync(join(base, 'elsewhere-'));
  const context = { ...stage.context, signal: new AbortController().signal };
  return { ...stage, records, elsewhere, context };
}

test('a restore that was led elsewhere is gone on with by its plan and records', async () => {
  const { plan, records, elsewhere, context, again, world } = await paused();
  await adoptRestore(elsewhere, plan, records);
  const folder = join(elsewhere, 'restores', plan.id);
  expect(statSync(join(folder, 'journal.log')).mode & 0o777).toBe(0o600);
  expect((await readRestore(elsewhere, plan.id)).records).toEqual(records);
  const { onRecord: _, ...options } = again;
  expect(await resumeRestore(context, { ...options, stateDir: elsewhere })).toMatchObject({
    outcome: 'finished',
  });
  expect(world.isAllNew).toBe(true);
  // Who led it before takes over what was done since.
  const { records: all } = await readRestore(elsewhere, plan.id);
  await adoptRestore(again.stateDir, plan, all);
  expect((await readRestore(again.stateDir, plan.id)).state.outcome).toBe('finished');
});

test('what is known here and goes further is left as it is', async () => {
  const { plan, records, stateDir, path } = await paused();
  const before = readFileSync(path('journal.log'), 'utf8');
  await adoptRestore(stateDir, plan, records.slice(0, 3));
  expect(readFileSync(path('journal.log'), 'utf8')).toBe(before);
});

test('a plan that was altered, or records with a hole, are refused', async () => {
  const { plan, records, elsewhere } = await paused();
  const refused = { code: 'restore-refused' };
  await expect(adoptRestore(elsewhere, { ...plan, by: 'eve' }, records)).rejects.toMatchObject(refused);
  await expect(adoptRestore(elsewhere, plan, records.slice(1))).rejects.toMatchObject(refused);
});
