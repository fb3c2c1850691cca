import { isFailure } from '@holdfast/base';
import type { PlannedStep } from '@holdfast/model';

/** A step, or its undo, that did not succeed. */
export interface Fault {
  readonly step: PlannedStep;
  readonly error: unknown;
  /** False when it still acts. */
  readonly settled: boolean;
}

/** A step as sentences name it: `step 7 (stop m1)`. */
function stepName({ number, kind, member }: PlannedStep): string {
  return `step ${number} (${member === null ? kind : `${kind} ${member}`})`;
}

/** Which step failed where, and why, in one sentence. */
export function faultSentence({ step, error, settled }: Fault): string {
  const still = settled ? '' : '; it was told to stop and still acts';
  return `${stepName(step)}: ${causeOf(error)}${still}`;
}

function causeOf(error: unknown): string {
  if (isFailure(error)) return `${error.message}: ${error.why}`;
  return error instanceof Error ? error.message : String(error);
}

/** What a failure about it tells machines. */
export function faultDetails({ step }: Fault): { step: number; kind: string; member: string | null } {
  return { step: step.number, kind: step.kind, member: step.member };
}
