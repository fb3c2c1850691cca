import { describe, expect, test } from 'vitest';
import { operationState, type JournalRecord, type OperationState } from './operation.ts';
import type { PlannedStep } from './restore-plan.ts';
import { planSteps } from './steps.ts';
import { possibleVerbs, type RestoreVerb } from './verbs.ts';

const members = [{ name: 'm1', role: 'member' }] as const;
const source = { kind: 'quorum', size: 1, revision: 1 } as const;
const all = { strategy: 'all', seed: null, source, members } as const;
const controlPlane = [{ name: 'api', component: 'kube-apiserver' }] as const;
const plans = {
  restore: planSteps({ ...all, way: 'snapshot' }),
  served: planSteps({ ...all, way: 'snapshot', controlPlane }),
  replace: planSteps({ ...all, way: 'replace' }),
};

type Event = Pick<JournalRecord, 'event' | 'step'>;

const did = (...steps: PlannedStep[]): Event[] =>
  steps.flatMap(({ number: step }) => [
    { event: 'begin', step },
    { event: 'done', step },
  ]);
const undid = (...steps: PlannedStep[]): Event[] =>
  steps.toReversed().map(({ number: step }) => ({ event: 'undone', step }));

/** Where a restore stands that did all before a step and died in it. */
function diedIn(steps: readonly PlannedStep[], kind: string): Event[] {
  const at = steps.findIndex((step) => step.kind === kind);
  return [...did(...steps.slice(0, at)), { event: 'begin', step: at + 1 }];
}

function stateAfter(steps: readonly PlannedStep[], events: readonly Event[]): OperationState {
  const at = '2026-11-20T09:15:00.000Z';
  return operationState(
    steps,
    events.map((event, n) => ({ n, at, ...event })),
  );
}

const back: Event = { event: 'back' };
const again: Event = { event: 'begin', step: plans.served.find(({ kind }) => kind === 'halt')!.number };
const stuck: Event = { event: 'stuck', step: 1 };
const finished = (steps: readonly PlannedStep[]): Event[] => [...did(...steps), { event: 'finished' }];
const undone = (events: Event[], steps: readonly PlannedStep[]): Event[] => [
  ...events,
  back,
  ...undid(...steps),
  { event: 'rolled-back' },
];
const { restore, served, replace } = plans;
const untilPlace = restore.slice(
  0,
  restore.findIndex(({ kind }) => kind === 'start'),
);

describe('what can be done next', () => {
  test.each<[what: string, steps: readonly PlannedStep[], events: Event[], verbs: RestoreVerb[]]>([
    ['nothing was begun', restore, [], ['resume', 'abort']],
    ['nothing of the cluster was started', restore, diedIn(restore, 'keep'), ['resume', 'abort']],
    ['etcd was started', restore, diedIn(restore, 'probe'), ['resume', 'abort']],
    ['it serves', restore, diedIn(restore, 'unlock'), ['resume', 'rollback']],
    ['an API server may serve', served, diedIn(served, 'serve'), ['resume', 'rollback']],
    ['it failed there', served, [...diedIn(served, 'serve'), stuck], ['resume', 'rollback']],
    ['all API servers are still down', served, diedIn(served, 'probe'), ['resume', 'abort']],
    ['one ran again before that', served, [...diedIn(served, 'place'), again], ['resume', 'abort']],
    [
      'one ran again beside the new etcd',
      served,
      [...diedIn(served, 'probe'), again],
      ['resume', 'rollback'],
    ],
    ['it goes back', restore, [...diedIn(restore, 'keep'), back], ['resume']],
    ['it is stuck on its way back', restore, [...diedIn(restore, 'keep'), back, stuck], ['resume']],
    ['a finished one goes back', restore, [...finished(restore), back, stuck], ['resume']],
    ['all can be undone yet', replace, diedIn(replace, 'keep'), ['resume', 'abort']],
    ['a member may be removed', replace, diedIn(replace, 'remove'), ['resume', 'abort']],
    ['a member is removed for good', replace, diedIn(replace, 'join'), ['resume']],
    ['it is stuck after that', replace, [...diedIn(replace, 'join'), stuck], ['resume']],
    ['it is finished', restore, finished(restore), ['rollback', 'release']],
    ['it is finished for good', replace, finished(replace), ['release']],
    ['the kept data is released', restore, [...finished(restore), { event: 'released' }], []],
    ['it went back before any start', restore, undone(did(...untilPlace), untilPlace), []],
    ['it went back after a start', restore, undone(did(...restore), restore), ['release']],
    ['it went back after it had finished', restore, undone(finished(restore), restore), ['release']],
  ])('when %s', (_, steps, events, verbs) => {
    expect(possibleVerbs(steps, stateAfter(steps, events))).toEqual(verbs);
  });

  test('what a later restore stands on is not rolled back', () => {
    const is = (events: Event[]): RestoreVerb[] => possibleVerbs(restore, stateAfter(restore, events), true);
    expect(is(finished(restore))).toEqual(['release']);
    expect(is(diedIn(restore, 'unlock'))).toEqual(['resume']);
    expect(is(diedIn(restore, 'keep'))).toEqual(['resume']);
    expect(is([...diedIn(restore, 'keep'), back])).toEqual([]);
  });
});
