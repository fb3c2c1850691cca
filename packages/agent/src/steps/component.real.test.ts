import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { ComponentOrder, StepEvidence } from '@holdfast/engine';
import type { PlannedComponent } from '@holdfast/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { discoverComponents } from '../host/discover-components.ts';
import { localNode } from '../local-node.ts';
import { hastyClock } from '../testing/call-driver.ts';
import { makeSlowServer, type SlowServer } from '../testing/component-conformance.ts';
import { testContext, testMember, testPlan } from './test-restore.ts';

let dir: string;
let server: SlowServer;
let component: PlannedComponent;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-component-'));
  server = await makeSlowServer(dir, 'kube-apiserver', 700);
  component = {
    name: 'api-1',
    component: 'kube-apiserver',
    urls: [server.url],
    run: { driver: 'process', command: [...server.command], environment: {}, logFile: join(dir, 'log') },
    running: true,
  };
});
afterEach(async () => {
  await node.undoComponent(order('serve'), context);
  await rm(dir, { recursive: true });
});

const context = { ...testContext, clock: hastyClock };
const node = localNode(hastyClock);

function order(
  kind: 'halt' | 'serve',
  found: ComponentOrder['found'] = {},
  running: boolean | null = component.running,
): ComponentOrder {
  const plan = testPlan([testMember(dir)], process.execPath);
  return { plan, kind, component: { ...component, running }, found };
}

const halt = async (
  ...given: [found?: ComponentOrder['found'], running?: boolean | null]
): Promise<StepEvidence> => node.performComponent(order('halt', ...given), context);
const unhalt = async (
  ...given: [found?: ComponentOrder['found'], running?: boolean | null]
): Promise<StepEvidence> => node.undoComponent(order('halt', ...given), context);
const serve = async (): Promise<StepEvidence> =>
  node.performComponent(order('serve'), { ...testContext, clock: systemClock });
const isRunning = async (): Promise<boolean | null> =>
  (await node.observeComponent(component, testContext)).running;

test('an API server that runs is stopped, and is back and ready when that is undone', async () => {
  expect(await serve()).toMatchObject({
    started: true,
    evidence: `${server.url}/readyz answers: 200`,
  });
  expect(await isRunning()).toBe(true);
  const found = await halt();
  expect(found).toMatchObject({ wasRunning: true, served: true, stopped: true });
  expect(await isRunning()).toBe(false);
  // As after a crash right before the journal had it.
  expect(await halt()).toMatchObject({ wasRunning: true });
  expect(await halt({ halt: found }, null)).toMatchObject({ wasRunning: true, served: true });
  expect(await unhalt({ halt: found })).toMatchObject({ started: true });
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

test('one that did not run stays down', async () => {
  const found = await halt({}, false);
  expect(found).toMatchObject({ wasRunning: false, served: false, stopped: true });
  expect(await unhalt({ halt: found }, false)).toEqual({ started: false });
  expect(await unhalt({}, null)).toMatchObject({
    warning: expect.stringContaining('is not known') as string,
  });
  expect(await isRunning()).toBe(false);
});

test('one that did not serve before, and cannot now, is a warning; one that did is a failure', async () => {
  await server.spoil();
  const wasRunning = { wasRunning: true, served: false };
  expect(await unhalt({ halt: wasRunning })).toMatchObject({
    started: false,
    warning: expect.stringMatching(/^api-1 did not serve before the restore.*it was spoiled/) as string,
  });
  await expect(unhalt({ halt: { ...wasRunning, served: true } })).rejects.toMatchObject({
    code: 'component-not-started',
    message: 'api-1 of the control plane does not become ready',
  });
  await expect(serve()).rejects.toMatchObject({ code: 'component-not-started' });
});

test('the one whose command differs by a word is not it: who has its port is named', async () => {
  await serve();
  const { command, ...run } = component.run as Extract<PlannedComponent['run'], { driver: 'process' }>;
  const other: PlannedComponent = { ...component, run: { ...run, command: [...command, '--v=2'] } };
  await expect(node.performComponent({ ...order('halt'), component: other }, context)).rejects.toMatchObject({
    code: 'component-not-stopped',
    why: expect.stringMatching(/^process \d+ \(node\) listens on .* has not the command of api-1$/) as string,
  });
  expect(await isRunning()).toBe(true);
});

test('one of another machine, or without a program, is left alone', async () => {
  const elsewhere = { ...component, urls: ['https://224.0.0.1:6443'] };
  const refused = { code: 'node-failed', details: { member: 'api-1' } };
  await expect(node.observeComponent(elsewhere, testContext)).rejects.toMatchObject(refused);
  await expect(
    node.performComponent({ ...order('halt'), component: elsewhere }, context),
  ).rejects.toMatchObject(refused);
  await serve();
  await rm(join(dir, 'kube-apiserver'));
  const why = expect.stringContaining('no program') as string;
  expect(await node.observeComponent(component, testContext)).toEqual({ running: null, detail: why });
  await expect(halt()).rejects.toMatchObject({ ...refused, why });
  expect(await unhalt()).toEqual({ started: false, warning: why });
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

test('one that was started again is stopped again, which is told, and what was found first is kept', async () => {
  await serve();
  const first = await halt();
  expect(first).toMatchObject({ stoppedNow: true, detail: expect.stringMatching(/^it was stopped: /) });
  const again = { ...first, stoppedNow: false, detail: expect.not.stringContaining('stopped') as string };
  expect(await halt({ halt: first })).toEqual(again);
  await serve();
  const off = { ...first, wasRunning: false, served: false };
  expect(await halt({ halt: off })).toMatchObject({
    ...{ wasRunning: false, served: false, stopped: true, stoppedNow: true },
    detail: expect.stringMatching(/^it was stopped: process \d+ /) as string,
  });
  expect(await isRunning()).toBe(false);
  // Stopped it must be, be its program gone since.
  await serve();
  await rm(join(dir, 'kube-apiserver'));
  expect(await halt({ halt: first })).toMatchObject({ wasRunning: true, stoppedNow: true });
});

test('one that the check saw run, and a killed run has stopped, is taken for one that served', async () => {
  expect(await halt()).toMatchObject({ wasRunning: true, served: true, stoppedNow: false });
  await server.spoil();
  await expect(unhalt()).rejects.toMatchObject({ code: 'component-not-started' });
});

test.skipIf(process.getuid?.() !== 0)('one in a container is not it, and is told of', async () => {
  const contained = spawn('sh', ['-c', 'exec unshare --mount "$@"', 'sh', ...server.command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(contained.stdout, 'data');
  try {
    expect(await isRunning()).toBe(false);
    const { components, notes } = await discoverComponents([]);
    expect(components.some(({ urls }) => urls.some((url) => url.endsWith(new URL(server.url).port)))).toBe(
      false,
    );
    expect(notes).toContainEqual(
      expect.stringMatching(`^process ${contained.pid} is a kube-apiserver .*: it runs in a container`),
    );
    await expect(halt()).rejects.toMatchObject({ code: 'component-not-stopped' });
  } finally {
    contained.kill();
    await once(contained, 'exit');
  }
});

test('what runs here is described so that it can be started again in the same way', async () => {
  await serve();
  const { components } = await discoverComponents([]);
  const found = components.filter(({ run }) => run.driver === 'process' && run.logFile === join(dir, 'log'));
  const { running: _, ...described } = component;
  expect(found).toEqual([
    {
      ...described,
      name: expect.stringMatching(/^kube-apiserver\./) as string,
      urls: [expect.stringMatching(new RegExp(`^https://.*:${new URL(server.url).port}$`)) as string],
    },
  ]);
});
