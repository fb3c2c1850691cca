import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quietIo } from '../docs/quiet-io.ts';
import { withGlobals, withStateDir } from '../program/options.ts';
import { Verb } from '../program/verb.ts';
import { openSession } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { writeJournal } from '../testing/journal.ts';
import { fixedPlan } from '../testing/plan.ts';
import { fixedReport } from '../testing/report.ts';
import { lead } from './restore-lead.ts';
import { localNodes } from './restore-ports.ts';

let stateDir: string;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
});
afterEach(() => rm(stateDir, { recursive: true }));

const plan = fixedPlan();
const rolledBack = new Failure('restore-rolled-back', 'start m1: no such flag', {
  id: plan.id,
  step: 'start',
});

/** What `holdfast restore run` answers when the engine throws this. */
async function ledTo(error: Failure): Promise<Answer> {
  const verb = withStateDir(withGlobals(new Verb('run', quietIo)));
  verb.parse(['--state-dir', stateDir, '--quiet'], { from: 'user' });
  const session = await openSession(verb.optsWithGlobals(), quietIo);
  const ports = {
    nodes: await localNodes(session),
    connect: () => {
      throw new Error('nothing is asked');
    },
  };
  return lead(session, verb, { plan, ports, wanted: 'finished' }, async () => {
    throw error;
  });
}

test('a run that was rolled back by itself is reported, with what its undoing has left, and fails as it did', async () => {
  const back = { event: 'back', evidence: { why: 'start m1: no such flag', by: 'failure' } } as const;
  await writeJournal(stateDir, plan, [{ event: 'opened' }, back, { event: 'rolled-back' }]);
  const warnings = ['m1 did not serve before the restore, and does not now'];
  const report = fixedReport({ outcome: 'rolled-back', warnings });
  await writeFile(join(stateDir, 'restores', plan.id, 'report.json'), JSON.stringify(report));
  const answer = await ledTo(rolledBack);
  expect(answer.failure).toBe(rolledBack);
  expect(answer.json).toMatchObject({ kind: 'RestoreReport', outcome: 'rolled-back', warnings });
});

test('where there is no report of it, the failure is told all the same', async () => {
  await expect(ledTo(rolledBack)).rejects.toBe(rolledBack);
  await writeJournal(stateDir, plan, [{ event: 'opened' }]);
  await expect(ledTo(rolledBack)).rejects.toBe(rolledBack);
});
