import { join } from 'node:path';
import { holdfast } from './holdfast.ts';
import { clusterFile, demoHome, repository, stateDir } from './place.ts';
import { seconds, step, tell } from './tell.ts';

/** What a restore would lose, as a plan has it. */
export interface Loss {
  readonly revisions: number | null;
  readonly objects: { readonly created: number; readonly changed: number; readonly deleted: number } | null;
  readonly why: string;
}

/** What the story needs of a plan. */
export interface Plan {
  readonly why: string;
  readonly way: string;
  readonly loss: Loss;
  readonly otherWays: readonly { readonly way: string; readonly of: string; readonly loss: Loss | null }[];
  readonly members: readonly {
    readonly name: string;
    readonly sight: { readonly data: string; readonly revision: number | null };
  }[];
}

interface Report {
  readonly downtimeMs: number;
  readonly steps: readonly unknown[];
}

const places = ['--repo', repository, '--state-dir', stateDir];
const planFile = (way: string): string => join(demoHome, `plan-${way}.json`);

/** Has both ways told, the better one first, and keeps the plan of it; returns what the snapshot would lose. */
export async function planGuided(): Promise<Loss> {
  const { way, loss, otherWays } = await plan('guided', []);
  const other = otherWays.find((each) => each.way === 'snapshot');
  if (way !== 'salvage' || other?.loss == null) throw new Error('the plan does not offer both ways');
  tell(`salvage, the better way: ${loss.why}`);
  tell(`snapshot ${other.of}: loses ${lossWords(other.loss)}`);
  return other.loss;
}

/** Does what the kept plan says, and nothing else. */
export async function restoreGuided(): Promise<void> {
  await runPlan('guided');
}

/** Makes the last restore undone. */
export async function rollback(): Promise<void> {
  await step('holdfast restore rollback latest: the disaster once more', async () => {
    await holdfast('restore', 'rollback', 'latest', '--confirm', 'demo', ...places);
  });
}

/** Plans the other way; returns what was found of the members, and what would be lost. */
export async function planSnapshot(name: string): Promise<Pick<Plan, 'members' | 'loss'>> {
  return await plan('snapshot', ['--way', 'snapshot', '--snapshot', name]);
}

/** The other way. */
export async function restoreSnapshot(): Promise<void> {
  await runPlan('snapshot');
}

async function plan(way: 'guided' | 'snapshot', options: readonly string[]): Promise<Plan> {
  return await step(
    `holdfast restore plan${way === 'snapshot' ? ' --way snapshot' : ''}:`,
    async () =>
      await holdfast<Plan>(
        ...['restore', 'plan', '--cluster-file', clusterFile, '--out', planFile(way), ...options, ...places],
      ),
    ({ why }) => why.split(';')[0] ?? '',
  );
}

async function runPlan(way: 'guided' | 'snapshot'): Promise<void> {
  await step(
    'holdfast restore run --plan FILE:',
    async () =>
      await holdfast<Report>('restore', 'run', '--plan', planFile(way), '--confirm', 'demo', ...places),
    ({ steps, downtimeMs }) => `${steps.length} steps, down for ${seconds(downtimeMs)},`,
  );
}

function lossWords({ revisions, objects, why }: Loss): string {
  if (objects === null) return `${revisions ?? 'unknown'} revisions; ${why}`;
  const { created, changed, deleted } = objects;
  const all = created + changed + deleted;
  return `${revisions} revisions, ${all} objects (${created} made, ${changed} changed, ${deleted} deleted since)`;
}
