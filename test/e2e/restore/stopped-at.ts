import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { listRestores, type RestoreEntry } from '@holdfast/engine';
import { planSteps, type PlannedStep, type StepKind } from '@holdfast/model';
import { expect } from 'vitest';
import type { Fault, Finished } from '../product.ts';
import type { Lab } from './lab.ts';

const withinMs = 60_000;

/**
 * The steps that a restore of a snapshot has, where m1, m2 and m3 are members, `former` those that are no more, and
 * `servers` the API servers.
 */
export function snapshotSteps(
  former: readonly string[] = [],
  servers: readonly string[] = [],
): PlannedStep[] {
  const members = ['m1', 'm2', 'm3'].map((name) => ({
    name,
    role: former.includes(name) ? ('former' as const) : ('member' as const),
  }));
  const source = { kind: 'snapshot' as const, label: '', path: '/', sha256: '0'.repeat(64), size: 0 };
  return planSteps({
    way: 'snapshot',
    strategy: 'all',
    seed: null,
    source: { ...source, revision: 1, takenAt: null },
    members,
    controlPlane: servers.map((name) => ({ name, component: 'kube-apiserver' })),
  });
}

/** Strikes before the journal says that the first step of a kind begins: what is before it is done, nothing of it is. */
export function before(
  lab: Lab,
  kind: StepKind,
  strike: Fault['do'] = 'kill',
  steps = snapshotSteps(),
): Fault {
  const step = steps.find((each) => each.kind === kind);
  if (step === undefined) throw new Error(`there is no step ${kind}`);
  return { root: lab.dir, at: 1, do: strike, match: said('begin', step.number) };
}

/** A record of the journal. */
export function said(event: string, step: number): RegExp {
  return new RegExp(`"event":"${event}".*"step":${step}\\b`);
}

/** `run` of the lab's own snapshot. */
export function runSnapshot(lab: Lab, ...more: readonly string[]): string[] {
  const way = ['--way', 'snapshot', '--snapshot', lab.content.snapshot];
  return ['run', ...lab.request, ...way, '--confirm', 'lab', ...more];
}

/** A cluster that runs, and a restore of it that was killed before a kind of step. */
export async function killedBefore(lab: Lab, kind: StepKind): Promise<RestoreEntry> {
  await lab.reset();
  await lab.start();
  const { status, stderr } = await lab.restore(runSnapshot(lab), before(lab, kind));
  expect({ status, stderr }).toEqual({ status: 137, stderr });
  return newest(lab);
}

/** The restore that was begun last. */
export async function newest(lab: Lab): Promise<RestoreEntry> {
  const [entry] = await listRestores(lab.stateDir);
  if (entry === undefined) throw new Error('no restore was begun');
  return entry;
}

/** `resume`, `abort` and the like on the newest restore. */
export async function again(lab: Lab, verb: string, ...more: readonly string[]): Promise<Finished> {
  return lab.restore([verb, 'latest', '--repo', lab.repo, ...more]);
}

/** Waits until something is so. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it did not come to pass: ${what}`);
    await sleep(10);
  }
}

/** Waits until the journal has a record. */
export async function untilSaid(lab: Lab, record: RegExp): Promise<void> {
  await until(`the journal has ${record.source}`, async () => {
    const [entry] = await listRestores(lab.stateDir);
    return entry?.records.some((each) => record.test(JSON.stringify(each))) === true;
  });
}

/** Waits until a process was frozen by its strike. */
export async function untilFrozen(pid: number): Promise<void> {
  await until(`process ${pid} is frozen`, () =>
    /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
  );
}
