/**
 * Carries out or undoes steps in a process of its own, which a test can kill: `node test-steps.ts ORDER`, where the order
 * is JSON. What each step has found goes to a file, a line for each, as into a journal.
 */
import { appendFileSync } from 'node:fs';
import type { StepOrder } from '@holdfast/engine';
import type { PlannedMember, RestorePlan, StepKind } from '@holdfast/model';
import { TestRestore } from './test-restore.ts';

/** What is to be done. */
export interface StepsOrder {
  readonly way: 'perform' | 'undo';
  readonly kinds: readonly StepKind[];
  readonly plan: RestorePlan;
  readonly member: PlannedMember;
  readonly found: TestRestore['found'];
  readonly keepNew?: true;
  readonly join?: StepOrder['join'];
  readonly journal: string;
}

const order = JSON.parse(process.argv[2] ?? '') as StepsOrder;
const restore = new TestRestore(order.plan, order.member);
Object.assign(restore.found, order.found);
for (const kind of order.kinds) {
  const { keepNew, join } = order;
  const evidence = await restore[order.way]([kind], {
    ...(keepNew === true && { keepNew }),
    ...(join !== undefined && { join }),
  });
  appendFileSync(order.journal, `${JSON.stringify({ kind, evidence })}\n`);
}
