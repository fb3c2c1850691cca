import { randomUUID } from 'node:crypto';
import { isFailure } from '@holdfast/base';
import type { FleetCluster, FleetPolicy } from '@holdfast/model/fleet';
import { editedPolicy, type PolicyWishes, type Target } from '../sources/policy-edit.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { confirm } from '../term/confirm.ts';
import { pairs } from '../term/table.ts';
import { moment } from '../term/when.ts';
import { policiesAnswer, policyAnswer } from '../view/policy.ts';
import { clusterNamed } from './clusters.ts';
import type { Fleet } from './connection.ts';
import { savedAnswer } from './snapshots.ts';

/** Options of `policy set`, with names of repositories of the fleet. */
export type SetOptions = Omit<PolicyWishes, 'cluster' | 'targets'> & {
  readonly repo?: readonly string[];
  readonly bestEffort?: readonly string[];
};

/** `policy show` */
export async function showPolicies(fleet: Fleet, name?: string): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const params = { cluster: cluster.id };
  if (name !== undefined) {
    const policy = await fleet.client.call('getPolicy', { params: { ...params, policy: name } });
    return answerOf(fleet, cluster, policy);
  }
  const items = await Array.fromAsync(fleet.client.pages('listPolicies', { params }));
  const sight = { path: placeOf(fleet, cluster), now: fleet.session.io.clock.now() };
  const policies = items.map(({ policy }) => policy);
  return { ...policiesAnswer(policies, sight), json: { apiVersion, kind: 'PolicyList', items } };
}

/** `policy set` */
export async function setPolicy(
  fleet: Fleet,
  { repo, bestEffort = [], ...wishes }: SetOptions,
  name: string,
): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const params = { cluster: cluster.id, policy: name };
  const before = await known(fleet, params);
  const policy = before?.reply.policy;
  const chosen: readonly Target[] =
    repo?.map((repository) => ({ repository })) ??
    policy?.targets ??
    cluster.repositories.map((repository) => ({ repository }));
  const optional = bestEffort.map((repository) => ({ repository, required: false }));
  const isOptional = ({ repository }: Target): boolean => bestEffort.includes(repository);
  const kept = chosen.filter((target) => !isOptional(target)).map((target) => withRules(target, policy));
  const targets = [...kept, ...optional.map((target) => withRules(target, policy))];
  const body = editedPolicy(name, policy, { ...wishes, targets });
  const etag = before?.etag ?? null;
  const reply = await fleet.client.call('putPolicy', {
    ...{ params, body },
    ...(etag !== null && { ifMatch: etag }),
  });
  return answerOf(fleet, cluster, reply, 'set');
}

/** A repository that stays keeps what it keeps. */
function withRules(target: Target, policy: FleetPolicy['policy'] | undefined): Target {
  const retention = policy?.targets.find(({ repository }) => repository === target.repository)?.retention;
  return { ...target, ...(retention !== undefined && { retention }) };
}

async function known({ client }: Fleet, params: { readonly cluster: string; readonly policy: string }) {
  try {
    return await client.callWithEtag('getPolicy', { params });
  } catch (error) {
    if (isFailure(error, 'policy-unknown')) return undefined;
    throw error;
  }
}

/** `policy pause` */
export async function pausePolicy(
  fleet: Fleet,
  { reason, for: span, until }: { readonly reason: string; readonly for?: string; readonly until?: Date },
  name: string,
): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const body = {
    reason,
    ...(span !== undefined && { for: span }),
    ...(until !== undefined && { until: until.toISOString() }),
  };
  const params = { cluster: cluster.id, policy: name };
  return answerOf(fleet, cluster, await fleet.client.call('pausePolicy', { params, body }), 'paused');
}

/** `policy resume` */
export async function resumePolicy(fleet: Fleet, name: string): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const params = { cluster: cluster.id, policy: name };
  return answerOf(fleet, cluster, await fleet.client.call('resumePolicy', { params }), 'resumed');
}

/** `policy remove` */
export async function removePolicy(
  fleet: Fleet,
  { yes }: { readonly yes?: true },
  name: string,
): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const params = { cluster: cluster.id, policy: name };
  await fleet.client.call('getPolicy', { params });
  const what = `No snapshots of cluster ${cluster.name} will be made for policy ${name} any more, and none of its deleted.`;
  if (yes !== true) await confirm(fleet.session.io, what, name);
  await fleet.client.call('deletePolicy', { params });
  return {
    json: { apiVersion, kind: 'PolicyRemove', name, cluster: cluster.id },
    names: [name],
    text: () => `Removed ${name} from ${placeOf(fleet, cluster)}\n`,
  };
}

/** `policy run` */
export async function runPolicy(fleet: Fleet, name: string): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const params = { cluster: cluster.id, policy: name };
  const begun = await fleet.client.call('runPolicy', { params, idempotencyKey: randomUUID() });
  return await savedAnswer(fleet, cluster, begun);
}

function answerOf(fleet: Fleet, cluster: FleetCluster, item: FleetPolicy, head?: string): Answer {
  const now = fleet.session.io.clock.now();
  const path = placeOf(fleet, cluster);
  const answer = policyAnswer(item.policy, { path, now, ...(head !== undefined && { head }) });
  const { lastScheduledFor, lastOutcome } = item.status;
  return {
    ...answer,
    json: { apiVersion, kind: 'Policy', ...item },
    text: (view) =>
      answer.text(view) +
      pairs(
        [
          [
            'last run',
            lastScheduledFor === null
              ? undefined
              : `${lastOutcome ?? 'under way'}, due ${moment(lastScheduledFor, view.utc)}`,
          ],
        ],
        '  ',
      ),
  };
}

function placeOf({ url }: Fleet, { name }: FleetCluster): string {
  return `cluster ${name} at ${url}`;
}
