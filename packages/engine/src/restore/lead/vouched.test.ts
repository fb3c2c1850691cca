import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { afterAll, expect, test } from 'vitest';
import { abortRestore, resumeRestore } from './lead.ts';
import { readRestore } from './read.ts';
import { releaseRestore } from './release.ts';
import { planOf } from './testing/plan.ts';
import { codeOf, stageIn } from './testing/stage.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-vouched-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const plan = planOf({ way: 'snapshot', strategy: 'all', fresh: 3, former: 0, control: 2 });
const gone = new Failure('node-silent', 'no power', { node: 'm1' });

/** A restore whose first member, and the API server beside it, answer nothing any more as a kind of step begins. */
async function lost(kind: string) {
  const stage = stageIn(base, plan);
  let isLost = false;
  stage.world.fault = (act) => {
    isLost ||= act.kind === kind && act.way === 'do';
    return isLost && (act.member === 'm1' || act.member === plan.controlPlane[0]!.name) ? gone : undefined;
  };
  expect(await codeOf(stage.run())).toBe('restore-stuck');
  return stage;
}

const attest = ['m1', plan.controlPlane[0]!.name].map((member) => ({ member, reason: 'it burnt down' }));

test.each(['stage', 'place', 'start'])(
  'a machine that is gone for good at %s keeps nobody else from being put back, once somebody vouches for it',
  async (kind) => {
    const { world, context, again, stateDir } = await lost(kind);
    expect(await codeOf(resumeRestore(context, again))).toBe('restore-stuck');
    world.gone.add('m1');
    const { state } = await readRestore(stateDir, plan.id);
    const goBack = state.direction === 'back' ? resumeRestore : abortRestore;
    const report = await goBack(context, { ...again, attest, by: 'kim@desk' });
    expect(report.outcome).toBe('rolled-back');
    expect(report.warnings.toReversed()).toEqual(
      attest.map(
        ({ member }) => expect.stringMatching(`machine of ${member}.*kim@desk: it burnt down`) as string,
      ),
    );
    for (const name of ['m2', 'm3'])
      expect(world.machines.get(name)).toMatchObject({
        name: 'old',
        running: 'old',
        kept: false,
        claim: false,
      });
    const parts = plan.controlPlane.map(({ name }) => name).slice(1);
    expect([...world.controlPlane.running].toSorted()).toEqual(parts.toSorted());
    expect(world.broken).toEqual([]);
    const released: string[] = [];
    const node = {
      ...world.node,
      release: async (_: unknown, { name }: { name: string }) => [`${released.push(name)}`],
    };
    await releaseRestore(context, { ...again, nodes: () => node });
    expect(released).toEqual(['m2', 'm3']);
  },
);

test('what was vouched for once is in the journal, and holds for whoever goes on', async () => {
  const { world, context, again, stateDir } = await lost('place');
  world.live(4);
  expect(await codeOf(resumeRestore(context, { ...again, attest }))).toBe('died');
  world.live();
  expect((await resumeRestore(context, again)).outcome).toBe('rolled-back');
  const { records } = await readRestore(stateDir, plan.id);
  expect(records.filter(({ evidence }) => evidence?.['attest'] !== undefined)).toHaveLength(1);
});

test('nobody is left out on the way forward, nor one who takes no part', async () => {
  const stage = stageIn(base, plan, {
    onRecord: ({ event, step }) => {
      if (event === 'begin' && plan.steps[(step ?? 0) - 1]?.kind === 'stage') stage.person.abort();
    },
  });
  expect(await codeOf(stage.run())).toBe('restore-paused');
  const context = { ...stage.context, signal: new AbortController().signal };
  const options = { ...stage.again, onRecord: () => {} };
  expect(await codeOf(resumeRestore(context, { ...options, attest }))).toBe('restore-state');
  const odd = [{ member: 'm9', reason: 'it burnt down' }];
  expect(await codeOf(abortRestore(context, { ...options, attest: odd }))).toBe('restore-state');
  expect((await abortRestore(context, options)).outcome).toBe('rolled-back');
});
