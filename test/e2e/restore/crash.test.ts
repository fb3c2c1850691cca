import { planSteps, type PlannedStep } from '@holdfast/model';
import { etcdOrSkip, inTurn } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labAnswerer } from './component.ts';
import { Labs } from './labs.ts';
import type { Lab } from './lab.ts';
import { expectNew, expectOld } from './outcome.ts';
import { strikeAt, type Moment } from './strike.ts';

const { skip } = await etcdOrSkip('3.6');

const three = ['m1', 'm2', 'm3'].map((name) => ({ name, role: 'member' as const }));

/**
 * The very steps that a restore of three members and a part of their control plane has, from the table: a new step is
 * tested without a word here.
 */
const steps = planSteps({
  way: 'snapshot',
  strategy: 'all',
  seed: null,
  source: {
    kind: 'snapshot',
    label: '',
    path: '/',
    sha256: '0'.repeat(64),
    size: 0,
    revision: 1,
    takenAt: null,
  },
  members: three,
  controlPlane: [{ name: 'api', component: 'kube-apiserver' }],
});
const started = steps.find(({ kind }) => kind === 'start')!.number;

const moments: readonly Moment[] = ['before', 'in', 'after'];
const points = steps.flatMap((step) =>
  moments.map((moment): [what: string, step: PlannedStep, moment: Moment] => [
    `${moment} step ${step.number}, ${step.kind} ${step.member ?? ''}`,
    step,
    moment,
  ]),
);

/** Each point, with each of the two ways to end it. */
const ends = points.flatMap((point) => (['resume', 'rollback'] as const).map((verb) => ({ verb, point })));
const today = inTurn(ends, 12);
const endedBy = (wanted: string): typeof points =>
  today.filter(({ verb }) => verb === wanted).map(({ point }) => point);

function run(lab: Lab): string[] {
  return [
    ...['run', ...lab.request, '--way', 'snapshot', '--snapshot', lab.content.snapshot],
    ...['--confirm', 'lab'],
  ];
}

/** Three running members, and a run of their restore that was killed. */
async function killed(lab: Lab, step: PlannedStep, moment: Moment): Promise<void> {
  const fault = await strikeAt(lab, run(lab), step, moment);
  await lab.reset();
  await lab.start();
  const { status, stderr } = await lab.restore(run(lab), fault);
  expect({ status, stderr }).toEqual({ status: 137, stderr });
}

describe.skipIf(skip)('a restore of three running members that is killed', { timeout: 300_000 }, () => {
  let labs: Labs;
  beforeAll(async () => {
    labs = await Labs.make(4, {
      version: '3.6',
      members: 3,
      controlPlane: async (dir) => [await labAnswerer('api', dir)],
    });
  });
  afterAll(async () => labs[Symbol.asyncDispose]());

  test.concurrent.each(endedBy('resume'))(
    '%s is finished by resume: all three are new',
    (what, step, moment) =>
      labs.use(async (lab) => {
        await killed(lab, step, moment);
        const { status, stderr } = await lab.restore(['resume', 'latest', '--repo', lab.repo]);
        expect(`${stderr} ${status}`).toMatch(/ 0$/);
        await expectNew(lab, lab.members, lab.content.atSnapshot, what);
      }),
  );

  test.concurrent.each(endedBy('rollback'))(
    '%s is put back by rollback: all three are old',
    (what, step, moment) =>
      labs.use(async (lab) => {
        await killed(lab, step, moment);
        const { status, stderr } = await lab.restore([
          ...['rollback', 'latest', '--repo', lab.repo, '--confirm', 'lab'],
        ]);
        expect(`${stderr} ${status}`).toMatch(/ 0$/);
        const served = step.number > started || (step.number === started && moment !== 'before');
        await expectOld(lab, lab.members, what, { served });
      }),
  );
});
