import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import type { EtcdClient } from '@holdfast/etcd/client';
import type { RestorePlan, RestoreReport } from '@holdfast/model';
import type { VerbContext } from '../../../context.ts';
import { runRestore } from '../lead.ts';
import type { LeadOptions } from '../leader.ts';
import { planOf } from './plan.ts';
import { Died, World } from './world.ts';

/** Three members, and a former one. */
export const whole = planOf({ way: 'snapshot', strategy: 'all', fresh: 3, former: 1 });

/** No etcd listens at any address of the world. */
function silent(endpoints: readonly string[]): EtcdClient {
  const client = { endpoints, status: refuse, [Symbol.asyncDispose]: async () => undefined };
  return client as unknown as EtcdClient;
}

async function refuse(endpoint: string): Promise<never> {
  throw await Promise.resolve(new Failure('etcd-unreachable', 'connection refused', { endpoint }));
}

/** A plan with the world that it is carried out in, and a state directory below `base`. */
export function stageIn(base: string, plan: RestorePlan = whole, more: Partial<LeadOptions> = {}) {
  const world = new World(plan);
  const stateDir = mkdtempSync(join(base, 's-'));
  const person = new AbortController();
  const context: VerbContext = { clock: world, signal: person.signal, holdfast: '0.0.0' };
  const options: LeadOptions = {
    stateDir,
    nodes: () => world.node,
    connect: silent,
    clusterStep: world.clusterStep,
    by: 'ada@desk',
    ...more,
  };
  const again = { ...options, id: plan.id };
  const run = async (): Promise<RestoreReport> => runRestore(context, { ...options, plan });
  const path = (name: string): string => join(stateDir, 'restores', plan.id, name);
  return { world, plan, context, options, again, run, person, path, stateDir };
}

/** How something ended: a failure's code, `done`, or `died` with its process. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (isFailure(error)) return error.code;
    if (error instanceof Died) return 'died';
    throw error;
  }
}
