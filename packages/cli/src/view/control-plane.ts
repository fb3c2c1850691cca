import type { OperationState, PlannedStep, RestorePlan } from '@holdfast/model';

type Stands = { readonly plan: RestorePlan; readonly state: OperationState };

/**
 * Whether API servers have to be stopped and started by hand: etcd stops and starts, and none of them is described. Members
 * that are only replaced take nothing back.
 */
export function needsHands({ way, controlPlane }: RestorePlan): boolean {
  return way !== 'replace' && !controlPlane.some(({ component }) => component === 'kube-apiserver');
}

/** Whether an etcd of the new cluster was started, so that what talks to etcd may have seen the restored data. */
export function hasServed({ plan, state }: Stands): boolean {
  return plan.steps.some((step) => step.kind === 'start' && isBegun(step, state));
}

/** The parts of the control plane that going back does not start, since they were found to be off before. */
export function leftOff(stands: Stands): string[] {
  return halted(stands, (wasRunning) => wasRunning === false);
}

/** What undoing does to the control plane, in sentences for whoever has to agree. */
export function undoingSentences(stands: Stands): string[] {
  const { plan, state } = stands;
  const stops = plan.steps.flatMap((step) =>
    step.kind === 'serve' && isBegun(step, state) ? [step.member ?? ''] : [],
  );
  const starts = halted(stands, (wasRunning) => wasRunning === true);
  const off = leftOff(stands);
  const attested = plan.controlPlane.flatMap((part) => (part.attested === undefined ? [] : [part.name]));
  const isSame = stops.toSorted().join() === starts.toSorted().join();
  const does = [
    ...(stops.length === 0 ? [] : [`stops ${stops.join(', ')}`]),
    ...(starts.length === 0 ? [] : [`starts ${isSame ? 'them' : starts.join(', ')} again with that`]),
  ].join(isSame ? ' and ' : ', and ');
  return [
    ...(does === '' ? [] : [`It ${does}.`]),
    ...(off.length === 0 ? [] : [`Not started, since it did not run before the restore: ${off.join(', ')}.`]),
    ...(attested.length === 0
      ? []
      : [
          `Nothing is done on the machine of ${attested.join(', ')}, which was vouched to be off: see that it still is.`,
        ]),
    ...(needsHands(plan) && hasServed(stands)
      ? [
          'No API server is described: stop all of them by hand first, and start them again once the old data is back, before controllers and schedulers.',
        ]
      : []),
  ];
}

/** Those whose halt was begun, by whether they ran before: as it found, or else as the plan saw; null: nobody knows. */
function halted({ plan, state }: Stands, is: (wasRunning: unknown) => boolean): string[] {
  return plan.steps.flatMap((step) => {
    const { number, kind, member } = step;
    if (kind !== 'halt' || member === null || !isBegun(step, state)) return [];
    const planned = plan.controlPlane.find(({ name }) => name === member)?.running;
    return is(state.evidence.get(number)?.['wasRunning'] ?? planned) ? [member] : [];
  });
}

function isBegun({ number }: PlannedStep, { steps }: OperationState): boolean {
  return (steps[number - 1] ?? 'pending') !== 'pending';
}
