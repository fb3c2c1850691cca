import type {
  JournalRecord,
  OperationState,
  PlannedComponent,
  RestorePlan,
  RestoreReport,
  StepKind,
} from '@holdfast/model';
import { foundBy } from './step-order.ts';

type Outage = RestoreReport['controlPlane'][number];

/**
 * When the parts of the control plane went down and were ready again, by the journal of a restore that is over; of one that
 * was undone after it had finished, in the course of that.
 */
export function apiOutage(
  plan: RestorePlan,
  records: readonly JournalRecord[],
  state: OperationState,
): Pick<RestoreReport, 'controlPlane' | 'apiDowntimeMs'> {
  const controlPlane = plan.controlPlane.map((each) => outageOf(plan, records, state, each));
  const servers = controlPlane.filter(({ component }) => component === 'kube-apiserver');
  const down = servers.flatMap(({ downAt }) => (downAt === null ? [] : [Date.parse(downAt)]));
  const ready = servers.flatMap(({ readyAt }) => (readyAt === null ? [] : [Date.parse(readyAt)]));
  const isKnown = down.length > 0 && ready.length > 0;
  return {
    controlPlane,
    apiDowntimeMs: isKnown ? Math.max(0, Math.min(...ready) - Math.max(...down)) : null,
  };
}

function outageOf(
  plan: RestorePlan,
  records: readonly JournalRecord[],
  state: OperationState,
  { name, component }: PlannedComponent,
): Outage {
  const at = (event: JournalRecord['event'], kind: StepKind): string | null => {
    const step = plan.steps.find((each) => each.kind === kind && each.member === name)?.number;
    return records.findLast((each) => each.event === event && each.step === step)?.at ?? null;
  };
  const ran = foundBy(plan, state, 'halt', name)?.['wasRunning'] === true;
  const stopped = state.wasFinished ? at('undone', 'serve') : at('done', 'halt');
  const started = state.outcome === 'finished' ? at('done', 'serve') : ran ? at('undone', 'halt') : null;
  return { name, component, downAt: ran || state.wasFinished ? stopped : null, readyAt: started };
}
