import { rm } from 'node:fs/promises';
import { systemClock } from '@holdfast/base';
import { afterEach, expect, test } from 'vitest';
import type { VerbContext } from '../../context.ts';
import { triageCluster } from './index.ts';
import { alive, context, lost, off, stopped, three, World, type Scene } from './test-world.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const { folder } of worlds.splice(0)) await rm(folder, { recursive: true });
});

/** A world in which something happens at every wait, and how often that was. */
async function waitingIn(scenes: Record<string, Scene>, during: (world: World, waits: number) => void) {
  const world = await World.of(scenes);
  worlds.push(world);
  let waits = 0;
  const sleep = async (): Promise<void> => during(world, (waits += 1));
  const within: VerbContext = { ...context, clock: { ...systemClock, sleep } };
  return { world, within, waits: () => waits };
}

const electing: Scene = { ...alive, answers: { linearizable: false } };
/** Before the first leader no etcd listens for clients. */
const starting: Scene = { sight: { ...stopped, running: true } };

test.each([
  ['that answer without a leader', electing],
  ['that do not answer yet', starting],
])('members %s are looked at again until they have elected one', async (_, scene) => {
  const { world, within, waits } = await waitingIn(three(scene, scene, lost), (world, waits) => {
    if (waits === 2) world.become(three(alive, alive, lost));
  });
  expect(await triageCluster(within, world.request())).toMatchObject({ verdict: 'minority-lost' });
  expect(waits()).toBe(2);
});

test('an election that does not end is waited for a while only', async () => {
  const { world, within, waits } = await waitingIn(three(electing, electing, electing), () => {});
  expect(await triageCluster(within, world.request())).toMatchObject({ verdict: 'stopped' });
  expect(waits()).toBeGreaterThan(4);
  expect(waits()).toBeLessThan(30);
});

test('too few for an election are not waited for', async () => {
  const { world, within, waits } = await waitingIn(three(electing, lost, off()), () => {});
  await triageCluster(within, world.request());
  const one = await waitingIn(three(alive, off(), lost), () => {});
  await triageCluster(one.within, one.world.request());
  expect([waits(), one.waits()]).toEqual([0, 0]);
});
