import { readFileSync, rmSync } from 'node:fs';
import { etcdOrSkip, inTurn } from '@holdfast/test-servers';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finished } from '../product.ts';
import { labAnswerer } from './component.ts';
import type { Lab } from './lab.ts';
import { Labs } from './labs.ts';
import { expectNew, expectOld } from './outcome.ts';
import { newest, runSnapshot } from './stopped-at.ts';

const { skip } = await etcdOrSkip('3.6');

/** `HOLDFAST_SEED=n` replays one case; `HOLDFAST_CRASHES=100` tries so many. */
const only = process.env['HOLDFAST_SEED'];
const count = Number(process.env['HOLDFAST_CRASHES'] ?? 24);
const all = Array.from({ length: count }, (_, i) => i + 1);
const seeds = only === undefined ? inTurn(all, 4) : [Number(only)];

const verb = fc.constantFrom('resume', 'rollback');
/** Where in its file changes a process is killed, as a part of all the changes of a whole restore. */
const part = fc.double({ min: 0, max: 1, noNaN: true });
const crashes = fc.record({ first: part, middle: verb, second: part, last: verb });

function again(lab: Lab, what: string, strike?: number): Promise<Finished> {
  return lab.restore(
    [what, 'latest', '--repo', lab.repo, ...(what === 'rollback' ? ['--confirm', 'lab'] : [])],
    strike === undefined ? undefined : { root: lab.dir, at: strike },
  );
}

describe.skipIf(skip)('a restore of three running members that is killed, and killed again', () => {
  let labs: Labs;
  /** File changes of a whole restore. */
  let changes = 0;
  beforeAll(async () => {
    labs = await Labs.make(4, {
      version: '3.6',
      members: 3,
      controlPlane: async (dir) => [await labAnswerer('api', dir)],
    });
    await labs.use(async (lab) => {
      const log = `${lab.dir}.changes`;
      await lab.reset();
      await lab.start();
      const { status, stderr } = await lab.restore(runSnapshot(lab), { root: lab.dir, log });
      expect({ status, stderr }).toEqual({ status: 0, stderr });
      changes = readFileSync(log, 'utf8').trimEnd().split('\n').length;
      rmSync(log);
    });
  });
  afterAll(async () => labs[Symbol.asyncDispose]());

  test.concurrent.each(seeds)(
    'is old or new, exactly, on all members: seed %s',
    (seed) =>
      labs.use(async (lab) => {
        const [{ first, middle, second, last } = expect.fail()] = fc.sample(crashes, { seed, numRuns: 1 });
        const [one, two] = [first, second].map((where) => 1 + Math.floor(where * (changes - 1)));
        await lab.reset();
        await lab.start();
        const begun = await lab.restore(runSnapshot(lab), { root: lab.dir, at: one! });
        // Steps that are done side by side make their changes in another order each time, so the last ones may not come.
        if (begun.status === 0) return;
        expect(begun).toMatchObject({ status: 137 });
        // Killed before the plan was stored: nothing was begun that could be taken up.
        const isThere = await newest(lab).then(
          () => true,
          () => false,
        );
        if (!isThere) return expectOld(lab, lab.members);

        const killed = await again(lab, middle, two);
        const { state } = await newest(lab);
        if (state.outcome === undefined) {
          expect(killed).toMatchObject({ status: 137 });
          const { status, stderr } = await again(lab, last);
          expect(`${stderr} ${status}`).toMatch(/ 0$/);
        }
        const what = `killed at ${one}, ${middle} killed at ${two}, then ${last}`;
        const after = (await newest(lab)).state;
        expect({ what, outcome: after.outcome }).toEqual({
          what,
          outcome:
            state.outcome ?? (last === 'rollback' || state.direction === 'back' ? 'rolled-back' : 'finished'),
        });
        return after.outcome === 'finished'
          ? expectNew(lab, lab.members, lab.content.atSnapshot, what)
          : expectOld(lab, lab.members, what, { served: true });
      }),
    300_000,
  );
});
