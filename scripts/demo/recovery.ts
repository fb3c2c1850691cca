import { RestorePlan, RestoreReport } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import type { Fleet } from './fleet.ts';
import { holdfast } from './holdfast.ts';
import { ended, followRestore } from './operations.ts';
import { act, restoreFromEtcdBackup } from './rancher.ts';
import type { Saved } from './saves.ts';
import { seconds, step, tell } from './tell.ts';
import { until } from './until.ts';

/** What a restore would lose, as a plan has it. */
type Loss = RestorePlan['loss'];

/** A plan with the operation that made it. */
interface Planned {
  readonly operation: string;
  readonly plan: RestorePlan;
}

/** Has both ways told, the better one first; returns the plan of it, and what the snapshot would lose. */
export async function planGuided(fleet: Fleet): Promise<{ planned: Planned; loss: Loss }> {
  const planned = await plan(fleet);
  const { way, loss, otherWays = [], checks, steps, estimateMs } = planned.plan;
  const other = otherWays.find((each) => each.way === 'snapshot');
  if (way !== 'salvage' || other?.loss == null) throw new Error('the plan does not offer both ways');
  tell(`salvage, the better way: ${loss.why}`);
  tell(`snapshot ${other.of}: loses ${lossWords(other.loss)}`);
  const checked = Map.groupBy(checks, ({ outcome }) => outcome);
  const outcomes = [...checked].map(([outcome, each]) => `${each.length} ${outcome}`).join(', ');
  tell(`${checks.length} checks: ${outcomes}; ${steps.length} steps, about ${seconds(estimateMs)}`);
  return { planned, loss: other.loss };
}

/** Does what the plan says, and nothing else; returns the operation. */
export async function restoreGuided(fleet: Fleet, { operation: plan }: Planned): Promise<Operation> {
  return await step(
    `holdfast restore run --plan ${plan}, led by the agent of one member:`,
    async () => {
      const words = ['restore', 'run', '--plan', plan, '--confirm', 'demo'];
      const running = holdfast(fleet.variables, ...words);
      const followed = begunBy(fleet, plan).then((begun) => followRestore(fleet, begun));
      return (await Promise.all([followed, running]))[0];
    },
    restoreWords,
  );
}

/** Makes a restore undone. */
export async function rollback({ variables }: Fleet, { id }: Operation): Promise<void> {
  await step(`holdfast restore rollback ${id}: the disaster once more`, async () => {
    await holdfast(variables, 'restore', 'rollback', id, '--confirm', 'demo');
  });
}

/** Plans the other way. */
export async function planSnapshot(fleet: Fleet, { name }: Saved): Promise<RestorePlan> {
  return (await plan(fleet, '--way', 'snapshot', '--snapshot', name)).plan;
}

/** The other way, as scripts for Rancher ask for it. */
export async function restoreSnapshot(fleet: Fleet, { backup }: Saved): Promise<void> {
  await step(
    'A restore as scripts for Rancher ask for it:',
    async () => {
      const { operationId } = await act<{ operationId: string }>(fleet, restoreFromEtcdBackup(backup));
      await ended(fleet, { id: operationId });
      return await followRestore(fleet, await begunBy(fleet, operationId));
    },
    restoreWords,
  );
}

/** The restore by a plan, once there is one. */
async function begunBy({ client, cluster }: Fleet, plan: string): Promise<Operation> {
  return await until(`a restore by plan ${plan}`, async () => {
    const { items } = await client.call('listOperations', { query: { cluster, kind: 'restore' } });
    return items.find(({ input }) => input['from'] === plan);
  });
}

async function plan({ variables }: Fleet, ...words: string[]): Promise<Planned> {
  return await step(
    `holdfast restore plan${words.length === 0 ? '' : ' --way snapshot'}:`,
    async () => {
      const made = await holdfast<{ operation: string }>(variables, 'restore', 'plan', ...words);
      const { operation, ...plan } = made;
      return { operation, plan: RestorePlan.parse(plan) };
    },
    ({ plan: { why } }) => why.split(';')[0] ?? '',
  );
}

function restoreWords({ result }: Operation): string {
  const { steps, downtimeMs } = RestoreReport.parse(result);
  return `${steps.length} steps, down for ${seconds(downtimeMs ?? 0)},`;
}

function lossWords({ revisions, objects, why }: Loss): string {
  if (objects === null) return `${revisions ?? 'unknown'} revisions; ${why}`;
  const { created, changed, deleted } = objects;
  const all = created + changed + deleted;
  return `${revisions} revisions, ${all} objects (${created} made, ${changed} changed, ${deleted} deleted since)`;
}
