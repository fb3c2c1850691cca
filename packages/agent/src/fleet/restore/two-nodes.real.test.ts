import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import { CopyQueue, readRestore } from '@holdfast/engine';
import { connectEtcd } from '@holdfast/etcd/client';
import type { ClusterDescription, JournalRecord, RestorePlan } from '@holdfast/model';
import { RestorePlan as PlanSchema } from '@holdfast/model';
import type { OrderInput, OrderKind } from '@holdfast/model/fleet';
import { LocalStorage, openRepository } from '@holdfast/repository';
import { etcdOrSkip, planCluster, startPlanned, type ClusterPlan } from '@holdfast/test-servers';
import { afterAll, expect, test } from 'vitest';
import { localNode } from '../../local-node.ts';
import type { JobPorts } from '../../standalone/ports.ts';
import { fleetFolder, makeFleetFolder } from '../folder.ts';
import type { Act, OrderPorts, Result } from '../orders/act.ts';
import { carryOut } from '../orders/carry-out.ts';
import { NodeCalls } from '../orders/node-calls.ts';
import { StoredIn } from '../orders/stored-in.ts';
import { PeerDoor } from '../peer/door.ts';
import { Authority } from '../testing/authority.ts';
import { MemoryCalls } from '../testing/memory-calls.ts';
import { orderOf } from '../testing/orders.ts';
import { Leads } from './lead-order.ts';

const { skip } = await etcdOrSkip('3.6');
const base = mkdtempSync(join(tmpdir(), 'holdfast-two-nodes-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const clock = systemClock;

/** The members as the process driver runs them. */
function described({ members, binaries, initialCluster, token }: ClusterPlan): ClusterDescription {
  return {
    ...{ apiVersion: 'holdfast.dev/v1', kind: 'ClusterDescription', name: 'prod', controlPlane: [] },
    members: members.map(({ name, clientUrl, peerUrl, dataDir, logFile }) => ({
      ...{ name, dataDir, clientUrls: [clientUrl], peerUrls: [peerUrl] },
      run: {
        driver: 'process',
        command: [
          ...[binaries.etcd, `--name=${name}`, `--data-dir=${dataDir}`],
          ...[`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`],
          ...[`--listen-client-urls=${clientUrl}`, `--advertise-client-urls=${clientUrl}`],
          ...[`--initial-cluster=${initialCluster}`, `--initial-cluster-token=${token}`],
        ],
        environment: {},
        logFile,
      },
    })),
  };
}

/** One node's agent, without a server: it is asked for by orders alone. */
class Agent {
  readonly ports: OrderPorts;
  readonly calls: NodeCalls;
  readonly records: JournalRecord[] = [];
  #orders = 0;

  private constructor(ports: OrderPorts) {
    this.ports = ports;
    this.calls = new NodeCalls(ports);
  }

  static async make(
    node: string,
    authority: Authority,
    calls: MemoryCalls,
    endpoint: string,
  ): Promise<Agent> {
    const stateDir = join(base, `${node}-${authority.sha256.slice(0, 6)}`);
    mkdirSync(stateDir);
    await makeFleetFolder(fleetFolder(stateDir));
    const identity = await authority.node(node, 'c-prod1');
    const folder = join(base, `repository-${authority.sha256.slice(0, 6)}`);
    const open = (create: boolean) =>
      openRepository(new LocalStorage(folder), { create, clock, keys: { memory: join(stateDir, 'memory') } });
    const jobs: JobPorts = {
      ...{ clock, holdfast: '1.0.0', scratchFolder: tmpdir(), stateDir, etcdProgram: 'etcd' },
      connect: async () => connectEtcd({ endpoints: [endpoint], clock }),
      destinations: async () => [{ name: 'main', at: folder, required: true, repository: await open(true) }],
      open: () => open(false),
      at: () => folder,
      queue: new CopyQueue(stateDir, { clock, random: () => 0 }),
      memory: join(stateDir, 'memory'),
      credentials: async () => undefined,
      companionsRoot: undefined,
      nameOf: () => undefined,
    };
    const door = new PeerDoor({
      ...{ identity: () => identity, listen: { host: '127.0.0.1', port: 0 }, log: () => {} },
    });
    const agent = new Agent({
      ...{ clock, jobs, calls, door, random: () => 0, log: () => {}, identity: () => identity },
      connector: async () => (endpoints) => connectEtcd({ endpoints, clock }),
      local: localNode(clock),
      storedIn: await StoredIn.read(fleetFolder(stateDir)),
    });
    calls.nodes.set(node, agent.calls);
    return agent;
  }

  /** Has it do something, as its worker does. @param onRecord told of each record of a restore */
  async order<Kind extends OrderKind>(
    kind: Kind,
    input: OrderInput<Kind>,
    signal = new AbortController().signal,
    onRecord: (record: JournalRecord) => void = () => {},
  ): Promise<Result> {
    const order = orderOf(
      `o-order${this.#orders++}`,
      kind,
      JSON.parse(JSON.stringify(input)) as object as never,
    );
    const act: Act = {
      ...{ order, signal, told: [] },
      tell: async (type, data) => {
        if (type !== 'record') return;
        const { record } = data as { record: JournalRecord };
        this.records.push(record);
        onRecord(record);
      },
      progress: () => {},
    };
    return await carryOut(this.ports, { calls: this.calls, leads: new Leads(this.ports) }, act);
  }
}

/** A saved cluster of three members that has lost what was written since: m0 is on n-first, the others on n-other. */
async function world() {
  const plan = await planCluster({ version: '3.6', members: 3 });
  const cluster = await startPlanned(plan);
  await cluster.gateway().put('a', 'saved');
  const authority = await Authority.make();
  const calls = new MemoryCalls();
  const first = await Agent.make('n-first', authority, calls, plan.members[0]!.clientUrl);
  const other = await Agent.make('n-other', authority, calls, plan.members[1]!.clientUrl);
  const targets = [{ repository: 'main', required: true }];
  const save = { policy: null, cluster: 'prod', targets, trigger: 'manual', scheduledFor: null } as const;
  expect(await first.order('save', { ...save, targets })).toMatchObject({
    outcome: 'ok',
    storedIn: ['main'],
  });
  await cluster.gateway().put('a', 'lost by a restore');
  const description = described(plan);
  const names = description.members.map(({ name }) => name);
  const placement = Object.fromEntries(names.map((name, at) => [name, at === 0 ? 'n-first' : 'n-other']));
  const request = {
    repository: 'main',
    way: 'snapshot',
    scope: 'none',
    attest: [],
    skips: [],
    clone: false,
    restartNodes: false,
  } as const;
  const made = async (): Promise<RestorePlan> => {
    const input = { request: { ...request, attest: [], skips: [] }, description, placement, by: 'ada' };
    return PlanSchema.parse(await first.order('plan', input));
  };
  const values = async (): Promise<unknown[]> =>
    await Promise.all(plan.members.map(async ({ clientUrl }) => valueAt(clientUrl)));
  return {
    ...{ cluster, calls, first, other, placement, made, values },
    async [Symbol.asyncDispose]() {
      await first.ports.door.close();
      await other.ports.door.close();
      for (const member of description.members) await stopped(member);
      await cluster[Symbol.asyncDispose]();
    },
  };
}

async function valueAt(endpoint: string): Promise<string> {
  await using client = connectEtcd({ endpoints: [endpoint], clock });
  const answer = await client.get(client.endpoints[0]!, 'a', { linearizable: true });
  return Buffer.from(answer.value ?? []).toString();
}

/** What a restore has started is nobody's child here. */
async function stopped(member: ClusterDescription['members'][number]): Promise<void> {
  const { etcdHost } = await import('../../host/driver.ts');
  await etcdHost(member, clock).driver.stop(AbortSignal.timeout(30_000));
}

test.skipIf(skip)(
  'a cluster over two nodes is restored by their agents, whatever replies are lost',
  { timeout: 240_000 },
  async () => {
    await using lab = await world();
    const { first, calls, placement, made } = lab;
    const plan = await made();
    expect(plan.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    for (let at = 0; at < 12; at++) calls.faults.push(at % 3 === 0 ? 'away' : 'lost');
    const verb = { plan, placement, repository: 'main', by: 'ada' };
    const report = await first.order('lead', { ...verb, verb: 'run' });
    expect(report).toMatchObject({ outcome: 'finished' });
    expect(await lab.values()).toEqual(['saved', 'saved', 'saved']);
    // Both others got the bytes from this node, and nobody gets them any more.
    expect(calls.made.filter((each) => each === 'perform fetch')).toHaveLength(2);
    expect(first.ports.door.isOpen).toBe(false);
    const { records } = await readRestore(first.ports.jobs.stateDir, plan.id);
    expect(first.records).toEqual(records);
    // Asked again, as by an agent that was killed before it could note the end.
    expect(await first.order('lead', { ...verb, verb: 'run' })).toEqual(report);
    expect(await first.order('lead', { ...verb, verb: 'rollback' })).toMatchObject({
      outcome: 'rolled-back',
    });
    expect(await lab.values()).toEqual(Array.from({ length: 3 }, () => 'lost by a restore'));
    const { paths } = await first.order('lead', { ...verb, verb: 'release' });
    expect(paths).toHaveLength(3);
  },
);

test.skipIf(skip)(
  'another node goes on with a restore whose leader is gone, by its records',
  { timeout: 240_000 },
  async () => {
    await using lab = await world();
    const { first, other, placement, made } = lab;
    const plan = await made();
    const verb = { plan, placement, repository: 'main', by: 'ada' };
    const gone = new AbortController();
    const staged = plan.steps.findLast(({ kind }) => kind === 'keep')!.number;
    const leading = first.order('lead', { ...verb, verb: 'run' }, gone.signal, ({ event, step }) => {
      if (event === 'done' && step === staged)
        gone.abort(new Failure('order-cancelled', 'the machine is gone'));
    });
    await expect(leading).rejects.toMatchObject({ code: 'restore-paused' });
    await expect(other.order('lead', { ...verb, verb: 'resume' })).rejects.toMatchObject({
      code: 'order-lost',
    });
    const { records } = await readRestore(first.ports.jobs.stateDir, plan.id);
    const report = await other.order('lead', { ...verb, verb: 'resume', records: [...records] });
    expect(report).toMatchObject({ outcome: 'finished' });
    expect(await lab.values()).toEqual(['saved', 'saved', 'saved']);
    // The new leader tells all that its journal has, also what it was given: joined, it is the one journal of the restore.
    const { records: whole } = await readRestore(other.ports.jobs.stateDir, plan.id);
    expect(whole.slice(0, records.length)).toEqual(records);
    expect(whole.length).toBeGreaterThan(records.length);
    expect(other.records).toEqual(whole);
  },
);
