import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planHash } from '@holdfast/engine';
import { crc32c } from '@holdfast/etcd/crc32c';
import type { JournalRecord, RestorePlan, StepKind } from '@holdfast/model';

type Event = Pick<JournalRecord, 'event' | 'step' | 'evidence'>;

/** Writes the records of a restore as one who leads it would, all at one time. */
export async function writeJournal(
  stateDir: string,
  plan: RestorePlan,
  events: readonly Event[],
): Promise<void> {
  const folder = join(stateDir, 'restores', plan.id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'plan.json'), JSON.stringify({ ...plan, hash: planHash(plan) }));
  const lines = events.map((event, n) => {
    const text = JSON.stringify({ n, at: '2026-11-20T09:15:00.000Z', ...event });
    return `${crc32c(Buffer.from(text)).toString(16).padStart(8, '0')} ${text}\n`;
  });
  await writeFile(join(folder, 'journal.log'), lines.join(''));
}

/** All steps before the first of a kind were done, and that one was begun. */
export function diedIn(plan: RestorePlan, kind: StepKind): Event[] {
  const at = plan.steps.findIndex((step) => step.kind === kind);
  const done = plan.steps.slice(0, at).flatMap(({ number: step }): Event[] => [
    { event: 'begin', step },
    { event: 'done', step },
  ]);
  return [...done, { event: 'begin', step: at + 1 }];
}
