import { readFileSync, rmSync } from 'node:fs';
import type { PlannedStep } from '@holdfast/model';
import type { Fault } from '../product.ts';
import type { Lab } from './lab.ts';

/** When a run is killed: before the journal says that a step begins, halfway through it, or right after it says done. */
export type Moment = 'before' | 'in' | 'after';

/** How many changes of the file system each step makes between its `begin` and its `done`, by number. */
const changes = new WeakMap<Lab, Map<number, number>>();

/**
 * The fault that kills a run at a moment of a step. Halfway is known from a run that nobody disturbed, which is made when it
 * is first needed.
 */
export async function strikeAt(
  lab: Lab,
  args: readonly string[],
  step: PlannedStep,
  moment: Moment,
): Promise<Fault> {
  const said = (event: string): RegExp => new RegExp(`"event":"${event}".*"step":${step.number}\\b`);
  if (moment === 'before') return { root: lab.dir, at: 1, match: said('begin') };
  if (moment === 'after') return { root: lab.dir, at: 3, match: said('done') };
  if (!changes.has(lab)) changes.set(lab, await counted(lab, args));
  const count = changes.get(lab)?.get(step.number) ?? 0;
  // 1 is the record of the beginning and 2 its fsync.
  return { root: lab.dir, at: 3 + Math.floor(count / 2), match: said('begin') };
}

async function counted(lab: Lab, args: readonly string[]): Promise<Map<number, number>> {
  const log = `${lab.dir}.changes`;
  await lab.reset();
  await lab.start();
  const { status, stderr } = await lab.restore(args, { root: lab.dir, log });
  if (status !== 0) throw new Error(stderr);
  const lines = readFileSync(log, 'utf8').split('\n');
  rmSync(log);
  return changesBySteps(lines);
}

/** Between the records of a step; what steps at the same time do is counted in each of them. */
function changesBySteps(lines: readonly string[]): Map<number, number> {
  const begun = new Map<number, number>();
  const found = new Map<number, number>();
  for (const [index, line] of lines.entries()) {
    const [, event, step] = /"event":"(begin|done)".*"step":(\d+)/.exec(line) ?? [];
    if (event === 'begin') begun.set(Number(step), index);
    if (event === 'done') found.set(Number(step), Math.max(0, index - begun.get(Number(step))! - 2));
  }
  return found;
}
