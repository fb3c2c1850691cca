import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { possibleVerbs, type RestorePlan } from '@holdfast/model';
import { afterAll, expect, test } from 'vitest';
import { abortRestore, resumeRestore, rollbackRestore, runRestore } from './lead.ts';
import { readRestore } from './read.ts';
import { hashed } from './testing/plan.ts';
import { codeOf, stageIn, whole } from './testing/stage.ts';
import { World } from './testing/world.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-later-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A finished restore, and another one that was carried out after it. */
async function two(changes: Partial<RestorePlan> = {}) {
  const first = stageIn(base);
  await first.run();
  const later = hashed({ ...whole, id: 'r-20261122t120000z-abcdef', ...changes });
  const world = new World(later);
  const { nodes, clusterStep } = { nodes: () => world.node, clusterStep: world.clusterStep };
  await runRestore(first.context, { ...first.options, nodes, clusterStep, plan: later });
  const path = (name: string): string => join(first.stateDir, 'restores', later.id, name);
  const rollback = async () => rollbackRestore(first.context, first.again);
  return { ...first, later, path, rollback };
}

const renamed = { name: 'staging', oldId: null };

test('a later restore of the same data directories counts, whatever its cluster is called', async () => {
  const { later, rollback, world } = await two({ cluster: renamed });
  await expect(rollback()).rejects.toMatchObject({
    code: 'restore-state',
    why: expect.stringContaining(later.id) as string,
  });
  expect(world.isAllNew).toBe(true);
});

test.each([undefined, 'keep'] as const)(
  'one that is not over goes no way back under it either: undoing stuck at %s',
  async (stuckAt) => {
    const { world, run, context, again, options, plan, stateDir } = stageIn(base);
    const lost = new Failure('disk-full', 'ENOSPC', { path: '/x' });
    world.fault = ({ kind, way }) => {
      if (kind === stuckAt && way === 'undo') return lost;
      return kind === 'agree' && stuckAt !== undefined ? lost : undefined;
    };
    if (stuckAt === undefined) world.live(60);
    expect(await codeOf(run())).toBe(stuckAt === undefined ? 'died' : 'restore-stuck');
    const later = hashed({ ...whole, id: 'r-20261122t120000z-abcdef' });
    const other = new World(later);
    const { nodes, clusterStep } = { nodes: () => other.node, clusterStep: other.clusterStep };
    world.live();
    await runRestore(context, { ...options, nodes, clusterStep, plan: later });
    world.fault = () => undefined;
    const acts = world.acts.length;
    const refused = { code: 'restore-state', why: expect.stringContaining(later.id) as string };
    await expect(abortRestore(context, again)).rejects.toMatchObject(refused);
    if (stuckAt !== undefined) await expect(resumeRestore(context, again)).rejects.toMatchObject(refused);
    expect(world.acts).toHaveLength(acts);
    const { state } = await readRestore(stateDir, plan.id);
    expect(possibleVerbs(plan.steps, state, true)).toEqual(stuckAt === undefined ? ['resume'] : []);
  },
);

test('a later restore of another cluster in other directories does not', async () => {
  const members = whole.members.map((each) => ({ ...each, dataDir: `/srv/${each.name}` }));
  const { rollback, world } = await two({ cluster: renamed, members });
  expect(await rollback()).toMatchObject({ outcome: 'rolled-back' });
  expect(world.isAllOld).toBe(true);
});

test.each(['journal.log', 'plan.json'])(
  'a restore whose %s is damaged may be a later one, until a person has looked',
  async (name) => {
    const { later, rollback, path, world } = await two();
    const text = readFileSync(path(name), 'utf8');
    writeFileSync(path(name), text.replace('opened', 'opaned').replace('prod', 'prid'));
    await expect(rollback()).rejects.toMatchObject({
      code: 'restore-state',
      why: expect.stringMatching(new RegExp(`restore ${later.id} may have come after it`)) as string,
    });
    expect(world.isAllNew).toBe(true);
    rmSync(path('.'), { recursive: true });
    expect(await codeOf(rollback())).toBe('done');
  },
);

test('one of another cluster may be damaged without being in the way', async () => {
  const members = whole.members.map((each) => ({ ...each, dataDir: `/srv/${each.name}` }));
  const { rollback, path } = await two({ cluster: renamed, members });
  const text = readFileSync(path('journal.log'), 'utf8');
  writeFileSync(path('journal.log'), text.replace('opened', 'opaned'));
  expect(await codeOf(rollback())).toBe('done');
});
