import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { possibleVerbs, type RestoreVerb } from '@holdfast/model';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { abortRestore, resumeRestore, rollbackRestore } from './lead.ts';
import { readRestore } from './read.ts';
import { releaseRestore } from './release.ts';
import { planOf } from './testing/plan.ts';
import { codeOf, stageIn } from './testing/stage.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-verbs-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const plans = [
  planOf({ way: 'snapshot', strategy: 'all', fresh: 2, former: 1, control: 1 }),
  planOf({ way: 'snapshot', strategy: 'seed', fresh: 2, former: 0 }),
  planOf({ way: 'snapshot', strategy: 'all', fresh: 2, former: 0, control: 1, changes: true }),
  planOf({ way: 'replace', strategy: 'all', fresh: 1, former: 0 }),
];

const acts = {
  resume: resumeRestore,
  abort: abortRestore,
  rollback: rollbackRestore,
  release: releaseRestore,
} as const;
const verbs = Object.keys(acts) as RestoreVerb[];

test('wherever a restore stands, whatever is said to be possible is accepted', async () => {
  const moments = fc.nat({ max: 130 });
  const scenes = fc.record({
    plan: fc.constantFrom(...plans),
    first: moments,
    second: fc.option(fc.record({ verb: fc.constantFrom(...verbs), moments })),
    chosen: fc.nat({ max: 1 }),
    revived: fc.constantFrom(undefined, 'stage', 'agree'),
  });
  await fc.assert(
    fc.asyncProperty(scenes, async ({ plan, first, second, chosen, revived }) => {
      const { world, context, again, run, stateDir } = stageIn(base, plan);
      world.revives = ({ kind }) => kind === revived;
      world.live(first);
      await codeOf(run());
      if (second !== null) {
        world.live(second.moments);
        await codeOf(acts[second.verb](context, again));
      }
      world.live();
      const entry = await readRestore(stateDir, plan.id).catch(() => undefined);
      // It may have died before its plan was on the disk.
      const verb = entry && possibleVerbs(plan.steps, entry.state)[chosen];
      if (verb === undefined) return;
      // Whether a final step was done, no etcd of this world can tell.
      const isOpen = plan.steps.some((step, i) => step.final && entry?.state.steps[i] === 'begun');
      const end = isOpen && verb === 'abort' ? 'restore-state' : 'done';
      expect([verb, await codeOf(acts[verb](context, again))]).toEqual([verb, end]);
      expect(world.broken).toEqual([]);
    }),
    { numRuns: 40 },
  );
}, 60_000);
