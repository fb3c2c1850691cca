import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { companionsTar, type ArtefactSource, type ComponentOrder } from '@holdfast/engine';
import { planSteps, type PlannedComponent } from '@holdfast/model';
import type { NodeCall } from '@holdfast/model/fleet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localNode } from '../../local-node.ts';
import { testId, testMember, testPlan } from '../../steps/test-restore.ts';
import type { OrderPorts } from '../orders/act.ts';
import { NodeCalls } from '../orders/node-calls.ts';
import { PeerDoor } from '../peer/door.ts';
import { Authority } from '../testing/authority.ts';
import { MemoryCalls } from '../testing/memory-calls.ts';
import { quickClock } from '../testing/quick-clock.ts';
import { RemoteNode } from './remote-node.ts';

const signal = new AbortController().signal;
const context = { clock: quickClock(), signal };
let dir: string;
const doors: PeerDoor[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-compare-'));
});
afterEach(async () => {
  for (const door of doors.splice(0)) await door.close();
  await rm(dir, { recursive: true });
});

async function saved(path: string, text: string): Promise<ArtefactSource> {
  const at = new Date('2026-01-01T00:00:00Z');
  const parts = [randomBytes(64)];
  const file = { path, why: 'it is needed', secret: true, content: Buffer.from(text), modifiedAt: at };
  const head = { distribution: 'kubeadm', node: hostname(), collectedAt: at, left: [] } as const;
  for await (const chunk of companionsTar({ ...head, files: [file] })) parts.push(Buffer.from(chunk));
  const bytes = Buffer.concat(parts);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    ...{ sha256, size: bytes.length },
    open: async function* open(_signal, from = 0) {
      yield bytes.subarray(from);
    },
  };
}

/** The agent of one node, and how the leader on another one reaches it. */
async function fleet() {
  const authority = await Authority.make();
  const [leader, other] = [
    await authority.node('n-leader', 'c-prod1'),
    await authority.node('n-other', 'c-prod1'),
  ];
  const doorOf = (identity: typeof leader): PeerDoor => {
    const door = new PeerDoor({
      ...{ identity: () => identity, listen: { host: '127.0.0.1', port: 0 }, log: () => {} },
    });
    doors.push(door);
    return door;
  };
  const [door, othersDoor] = [doorOf(leader), doorOf(other)];
  const ports = { clock: quickClock(), random: () => 0, identity: () => other, door: othersDoor };
  const calls = new MemoryCalls();
  const carrier = new NodeCalls({ ...ports, local: localNode(quickClock()) } as unknown as OrderPorts);
  const heard: string[] = [];
  calls.nodes.set('n-other', {
    async carryOut(call: NodeCall, act) {
      const result = await carrier.carryOut(call, act);
      heard.push(JSON.stringify([call, result]));
      return result;
    },
  });
  const node = new RemoteNode({
    ...{ clock: quickClock(), random: () => 0, calls, order: 'o-first', node: 'n-other' },
    offer: (restore, source) => door.offer(restore, source),
    withdraw: (restore) => door.withdraw(restore),
    fromPeer: () => {
      throw new Error('nobody asks');
    },
  });
  return { node, door, heard };
}

test('saved files reach another node by its peer alone: what the server stores has nothing of them', async () => {
  const { node, door, heard } = await fleet();
  const path = join(dir, 'config.yaml');
  await writeFile(path, 'token: geheim-now\nport: 1\n');
  const artefact = await saved(path, 'token: geheim-then\nport: 2\n');
  const run = {
    driver: 'process',
    command: ['/bin/false'],
    environment: {},
    logFile: join(dir, 'log'),
  } as const;
  const component: PlannedComponent = {
    ...{ name: 'api-1', component: 'kube-apiserver', urls: ['http://127.0.0.1:1'], running: false },
    run: { ...run, command: [...run.command] },
  };
  const wanted = { version: null, companions: { node: hostname(), sha256: 'a'.repeat(64) } };
  const here = { members: [], components: [component], among: [], artefact };
  const changes = await node.compare({ restore: testId, scope: 'all', wanted, ...here }, context);
  expect(changes).toMatchObject([
    { path, applies: true, from: null, to: null, diff: expect.stringContaining('+token: ***\n+port: 2\n') },
  ]);
  expect(door.isOpen).toBe(false);
  const made = testPlan([testMember(dir)], process.execPath, {
    ...{ scope: 'all', wanted, changes: [...changes], controlPlane: [component] },
  });
  const plan = { ...made, steps: planSteps(made) };
  const order: ComponentOrder = { plan, kind: 'configure', component, found: {}, artefact };
  await node.performComponent(order, context);
  expect(await readFile(path, 'utf8')).toBe('token: geheim-then\nport: 2\n');
  await node.undoComponent({ plan, kind: 'configure', component, found: {} }, context);
  expect(await readFile(path, 'utf8')).toBe('token: geheim-now\nport: 1\n');
  expect(heard).toHaveLength(3);
  expect(heard.join()).not.toContain('geheim');
});

test('what is not what the leader has promised is not opened', async () => {
  const { node } = await fleet();
  const other = { ...(await saved('/x', 'a')), sha256: 'f'.repeat(64) };
  const described = { restore: testId, scope: 'all', members: [], components: [], among: [] } as const;
  const wanted = { version: null, companions: null };
  const component = { component: 'kube-apiserver', urls: ['http://127.0.0.1:1'] } as const;
  const run = { driver: 'systemd', unit: 'kube-apiserver.service' } as const;
  const components = [{ ...component, name: 'api-1', urls: [...component.urls], run }];
  await expect(
    node.compare({ ...described, components, wanted, artefact: other }, context),
  ).rejects.toMatchObject({
    code: 'object-damaged',
  });
});
