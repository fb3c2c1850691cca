import { Failure } from '@holdfast/base';
import { Attestation, type JournalRecord, type OperationState, type PlannedStep } from '@holdfast/model';
import type { StepEvidence } from '../node.ts';
import type { HeldRestore, Leader } from './leader.ts';

const Attestations = Attestation.array();

/**
 * By name, the members and parts of the control plane of which somebody vouched, after the restore had begun, that their
 * machine is off for good: who, and why. Nothing is done there any more.
 */
export function vouchedIn(records: readonly JournalRecord[]): ReadonlyMap<string, string> {
  return new Map(
    records.flatMap(({ event, evidence }) => {
      const { data = [] } = Attestations.safeParse(event === 'taken' ? evidence?.['attest'] : []);
      return data.map(({ member, reason }) => [member, `${String(evidence?.['by'])}: ${reason}`] as const);
    }),
  );
}

/** The same of those that a step is about, or undefined. */
export function vouchedFor({ journal }: HeldRestore, { member }: PlannedStep): string | undefined {
  return member === null ? undefined : vouchedIn(journal.records).get(member);
}

/** What is noted in place of what an undo would have done. The first step of a member or part has the warning for all. */
export function leftAsItIs(
  { steps, members }: Leader['plan'],
  { number, member }: PlannedStep,
  word: string,
): StepEvidence {
  const first = steps.find((step) => step.member === member);
  if (first?.number !== number) return { vouched: word };
  const hasData = members.some(({ name }) => name === member);
  const before = hasData ? ': before its etcd is ever started again, move its data away' : '';
  const warning = `nothing was put back on the machine of ${member}, which is off for good (${word})${before}`;
  return { vouched: word, warning };
}

/**
 * A machine that is gone can be left out of the way back alone: the new cluster was planned with it.
 *
 * @throws restore-state
 */
export function refuseVouching({ plan, options }: Leader, way: OperationState['direction']): void {
  const { attest = [] } = options;
  const refuse = (why: string): Failure => new Failure('restore-state', why, { id: plan.id });
  if (attest.length === 0) return;
  if (way === 'forward') {
    const names = attest.map(({ member }) => member).join(', ');
    throw refuse(
      `it was planned with ${names}, so it cannot go on without: abort it, and restore with who is left`,
    );
  }
  const stranger = attest.find(({ member }) => plan.steps.every((step) => step.member !== member));
  if (stranger !== undefined)
    throw refuse(`it does nothing with ${stranger.member}, so nobody has to vouch for it`);
}
