import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Gateway, openGateway } from '../gateway/gateway.ts';
import type { ClusterCertificates } from './certificates.ts';
import { type EtcdMember, type MovableMember, movableMember } from './member.ts';
import type { ClusterOptions, Credentials } from './options.ts';
import { type ClusterPlan, planCluster } from './plan.ts';
import { freePort, leavePort } from './ports.ts';
import { addLearner, enableAuth, targetOf } from './setup.ts';
import { type Tools, toolsFor } from './tools.ts';

/** A running etcd cluster on 127.0.0.1. `await using` ends it and removes its temporary folder. */
export interface EtcdCluster extends AsyncDisposable, Tools {
  readonly plan: ClusterPlan;
  /** Exact, as 3.5.35. */
  readonly version: string;
  readonly dir: string;
  readonly token: string;
  readonly members: readonly EtcdMember[];
  /** The client URLs of the voting members. */
  readonly endpoints: readonly string[];
  /** As --initial-cluster takes it; the learner is not in it. */
  readonly initialCluster: string;
  readonly tls: ClusterCertificates | undefined;
  readonly auth: Credentials | undefined;
  /** A client of one member, the first if not said; the cluster closes it. */
  gateway(member?: number): Gateway;
  /** Starts a member again; it answers when the cluster has a quorum, see waitHealthy. */
  start(member: number): Promise<void>;
  stop(member: number): Promise<void>;
  kill(member: number): Promise<void>;
  pause(member: number): void;
  resume(member: number): void;
  /** Waits until every member that runs and is not paused answers a read that needs the quorum. */
  waitHealthy(timeoutMs?: number): Promise<void>;
  leaderIndex(): Promise<number>;
  /** Saves with etcd's own tool, from the first member if not said. */
  snapshotSave(file: string, member?: number): Promise<void>;
  /** Stops every member and keeps the folder. */
  stopAll(): Promise<void>;
  /** Closes this process's connections, so that it can end and leave a detached cluster running. */
  leave(): void;
}

const healthyWithinMs = 60_000;
const lookAgainMs = 50;

/** Starts a cluster and waits until it is healthy. */
export async function startCluster(options: ClusterOptions): Promise<EtcdCluster> {
  return startPlanned(await planCluster(options));
}

/**
 * Starts a planned cluster and waits until it is healthy. Data directories that are there already are taken
 * as they are: authentication is then not set up anew, and no learner is added.
 */
export async function startPlanned(plan: ClusterPlan, { restored = false } = {}): Promise<EtcdCluster> {
  const members = plan.members.map((planned) => movableMember(plan, planned));
  const cluster = clusterOf(plan, members);
  const fresh = !restored && plan.options.dataDirs === undefined;
  try {
    await Promise.all(
      members.filter(({ learner }) => !(learner && fresh)).map(async (member) => member.start()),
    );
    await cluster.waitHealthy();
    const learner = members.find(({ learner }) => learner);
    if (fresh && learner !== undefined) {
      await addLearner(plan, learner);
      await cluster.waitHealthy();
    }
    if (fresh && plan.auth !== undefined) await enableAuth(plan, plan.auth);
    if (plan.options.detached === true) leavePorts(members);
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

function clusterOf(plan: ClusterPlan, members: readonly MovableMember[]): EtcdCluster {
  const gateways = new Map<number, Gateway>();
  const gateway = (i = 0): Gateway => {
    const known = gateways.get(i) ?? openGateway(targetOf(plan, at(i)));
    gateways.set(i, known);
    return known;
  };
  const tools = toolsFor(plan);
  function at(i: number): MovableMember {
    const member = members[i];
    if (member === undefined) throw new RangeError(`no member ${i}: there are ${members.length}`);
    return member;
  }
  function leave(): void {
    for (const open of gateways.values()) open.close();
    gateways.clear();
  }
  async function end(how: 'stop' | 'kill'): Promise<void> {
    await Promise.all(members.map(async (member) => member[how]()));
    leave();
  }
  return {
    plan,
    version: plan.binaries.version,
    dir: plan.dir,
    token: plan.token,
    members,
    endpoints: plan.members.filter(({ learner }) => !learner).map(({ clientUrl }) => clientUrl),
    initialCluster: plan.initialCluster,
    tls: plan.tls,
    auth: plan.auth,
    ...tools,
    gateway,
    start: async (i) => at(i).start(),
    stop: async (i) => at(i).stop(),
    kill: async (i) => at(i).kill(),
    pause: (i) => at(i).pause(),
    resume: (i) => at(i).resume(),
    waitHealthy: async (timeoutMs = healthyWithinMs) => waitHealthy(members, gateway, timeoutMs),
    leaderIndex: async () => leaderIndex(members, gateway),
    snapshotSave: async (file, i = 0) => {
      await tools.ctl(['snapshot', 'save', file], { endpoints: [at(i).clientUrl] });
    },
    stopAll: async () => end('stop'),
    leave,
    async [Symbol.asyncDispose]() {
      await end('kill');
      for (const { ports } of members) for (const port of [ports.client, ports.peer]) freePort(port);
      if (plan.ownsDir) await rm(plan.dir, { recursive: true, force: true });
    },
  };
}

async function waitHealthy(
  members: readonly MovableMember[],
  gateway: (i: number) => Gateway,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    for (const member of members) member.check();
    const expected = members.map((member, i) => ({ member, i })).filter(({ member }) => answers(member));
    const healthy = await Promise.all(expected.map(async ({ member, i }) => member.isHealthy(gateway(i))));
    if (healthy.every(Boolean)) return;
    if (performance.now() > deadline) {
      const sick = expected.filter((_, i) => healthy[i] !== true).map(({ member }) => member);
      throw new Error(
        `not healthy after ${timeoutMs} ms: ${sick.map(({ name, logFile }) => `${name} (${logFile})`).join(', ')}`,
      );
    }
    await sleep(lookAgainMs);
  }
}

async function leaderIndex(
  members: readonly MovableMember[],
  gateway: (i: number) => Gateway,
): Promise<number> {
  for (let i = 0; i < members.length; i++) {
    const member = members[i];
    if (member === undefined || !answers(member)) continue;
    const { leader } = await gateway(i).status();
    const name = (await gateway(i).memberList()).find(({ id }) => id === leader)?.name;
    const found = members.findIndex((candidate) => candidate.name === name);
    if (found >= 0) return found;
  }
  throw new Error('no leader');
}

function answers(member: EtcdMember): boolean {
  return member.pid !== undefined && !member.paused;
}

function leavePorts(members: readonly MovableMember[]): void {
  for (const { ports, pid } of members) {
    if (pid !== undefined) for (const port of [ports.client, ports.peer]) leavePort(port, pid);
  }
}
