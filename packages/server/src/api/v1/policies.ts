import { Failure } from '@holdfast/base';
import { policyFaults, promisedMs, spanMs, type Policy } from '@holdfast/model';
import type { FleetPolicy } from '@holdfast/model/fleet';
import { clusterNamed } from '../../clusters/cluster-named.ts';
import { refuseUngiven } from '../../clusters/repositories-given.ts';
import { expectRepositories } from '../../clusters/repositories-known.ts';
import type { ServerContext } from '../../context.ts';
import { nextTimes } from '../../scheduler/next-times.ts';
import type { StoredCluster } from '../../store/clusters.ts';
import type { StoredPolicy } from '../../store/policies.ts';
import type { Tables } from '../../store/store.ts';
import type { Handlers } from '../handler.ts';
import { pageFrom } from '../paging.ts';
import { pointerTo, type RequestPart } from '../request-check.ts';
import { RequestRefused } from '../problem.ts';

type Names = 'listPolicies' | 'putPolicy' | 'getPolicy' | 'deletePolicy' | 'pausePolicy' | 'resumePolicy';

/** Policies of clusters. @param onChanged one is there, another, or gone: what is due may be so at once */
export function policyHandlers(
  { store, clock }: Pick<ServerContext, 'store' | 'clock'>,
  onChanged: () => void,
): Handlers<Names> {
  const view = (stored: StoredPolicy): FleetPolicy => viewPolicy(stored, clock.now());
  const changed = (cluster: string): void => {
    store.bell.ring('cluster', cluster);
    onChanged();
  };
  /** Changes what a policy says of pausing, whichever version it has. */
  const setPause = async (cluster: string, name: string, pause: Policy['pause']): Promise<FleetPolicy> => {
    const put = await store.transaction(async (tables) => {
      const stored = await policyNamed(tables, cluster, name);
      return write(
        tables,
        { cluster, stored, version: null, policy: { ...stored.policy, pause } },
        clock.now(),
      );
    });
    changed(cluster);
    return view(put);
  };
  return {
    async listPolicies({ params, query }) {
      const { id } = await clusterNamed(store, params.cluster);
      const { items, next } = pageFrom(
        await store.policies.ofCluster(id),
        ({ policy }) => policy.name,
        query,
      );
      return { items: items.map(view), next };
    },
    async putPolicy({ params, body, ifMatch, caller }) {
      const cluster = await clusterNamed(store, params.cluster);
      refuseUnsound(cluster, params.policy, body, clock.now());
      const repositories = body.targets.map(({ repository }) => repository);
      await refuseUngiven(store, caller, cluster, repositories);
      await expectRepositories(store, repositories);
      const put = await store.transaction(async (tables) => {
        const stored = await tables.policies.get(cluster.id, params.policy);
        if (stored === undefined && ifMatch !== null)
          throw new Failure('version-conflict', 'it is not there any more');
        return write(tables, { cluster: cluster.id, stored, version: ifMatch, policy: body }, clock.now());
      });
      changed(cluster.id);
      return { body: view(put), version: put.version };
    },
    async getPolicy({ params }) {
      const stored = await policyNamed(store, params.cluster, params.policy);
      return { body: view(stored), version: stored.version };
    },
    async deletePolicy({ params }) {
      await policyNamed(store, params.cluster, params.policy);
      await store.policies.remove(params.cluster, params.policy);
      changed(params.cluster);
      return undefined;
    },
    pausePolicy({ params, body, note }) {
      const now = clock.now();
      const until = pauseEnd(body, now);
      note({ reason: body.reason, until });
      return setPause(params.cluster, params.policy, {
        since: now.toISOString(),
        until,
        reason: body.reason,
      });
    },
    resumePolicy: ({ params }) => setPause(params.cluster, params.policy, null),
  };
}

/** When a pause ends by itself; null: it does not. @throws RequestRefused */
function pauseEnd(
  { for: span, until }: { readonly for?: string | undefined; readonly until?: string | undefined },
  now: Date,
): string | null {
  if (until === undefined)
    return span === undefined ? null : new Date(now.getTime() + spanMs(span)).toISOString();
  const end = new Date(until);
  const detail =
    span !== undefined ? 'it stands in place of `for`' : end <= now ? 'it has passed' : undefined;
  if (detail !== undefined) throw new RequestRefused([{ pointer: '/body/until', detail }]);
  return end.toISOString();
}

interface Written {
  readonly cluster: string;
  readonly stored: StoredPolicy | undefined;
  readonly version: number | null;
  readonly policy: Policy;
}

/** Writes a policy with the times at which it is due next. @throws Failure version-conflict */
async function write(
  { policies }: Pick<Tables, 'policies'>,
  { cluster, stored, version, policy }: Written,
  now: Date,
): Promise<StoredPolicy> {
  const at = now.toISOString();
  const last = stored?.times.last ?? {};
  const next = nextTimes({ cluster, policy, createdAt: stored?.createdAt ?? at, last }, now);
  const put = await policies.put(cluster, version, policy, { last, next }, at);
  if ('conflict' in put)
    throw new Failure('version-conflict', `it is at version ${put.conflict.version} now`);
  return put.put;
}

/** @throws Failure cluster-unknown, policy-unknown */
async function policyNamed(
  tables: Pick<Tables, 'clusters' | 'policies'>,
  cluster: string,
  policy: string,
): Promise<StoredPolicy> {
  const stored = await tables.policies.get(cluster, policy);
  if (stored !== undefined) return stored;
  await clusterNamed(tables, cluster);
  throw new Failure('policy-unknown', 'it was never there, or was removed', { policy });
}

/** @throws Failure request-invalid: another name than its own; policy-refused: what no policy can mean */
function refuseUnsound({ spec }: StoredCluster, name: string, policy: Policy, now: Date): void {
  const body: RequestPart = 'body';
  if (policy.name !== name)
    throw new RequestRefused([{ pointer: `/${body}/name`, detail: `the address says ${name}` }]);
  const faults = policyFaults(policy, now).map(({ path, problem }) => ({
    pointer: pointerTo([body, ...path]),
    detail: problem,
  }));
  if (policy.cluster !== undefined && policy.cluster !== spec.name)
    faults.push({
      pointer: `/${body}/cluster`,
      detail: `the cluster is called ${spec.name}; leave this out`,
    });
  if (faults.length > 0) throw new RequestRefused(faults, 'policy-refused', { name });
}

/** A policy as it is told. */
function viewPolicy(stored: StoredPolicy, now: Date): FleetPolicy {
  const { times, lastOutcome, policy, ...rest } = stored;
  return {
    ...{ cluster: rest.cluster, policy, createdAt: rest.createdAt },
    ...{ updatedAt: rest.updatedAt, version: rest.version },
    status: {
      lastScheduledFor: times.last.save ?? null,
      lastOutcome,
      nextDueAt: times.next.save ?? null,
      promisedMs: promisedMs(policy, now),
    },
  };
}
