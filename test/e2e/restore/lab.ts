import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, closeSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ClusterPlan,
  type EtcdMinor,
  etcdsUnder,
  freePort,
  type Gateway,
  killEtcdsUnder,
  memberCommand,
  memberEnvironment,
  openGateway,
  planCluster,
  type PlannedMember,
  startPlanned,
  targetOf,
} from '@holdfast/test-servers';
import { answer, beginHoldfast, type Fault, type Finished, type Running } from '../product.ts';
import { killComponent, type LabComponent, removeComponent, startComponent } from './component.ts';

/** What a lab is made of. */
export interface LabOptions {
  readonly version: EtcdMinor;
  readonly members: number;
  /** Members that are planned beside them and do not run: for other sizes and addresses. */
  readonly spare?: number;
  /** Keys before the snapshot and after it. */
  readonly before?: number;
  readonly after?: number;
  /** Makes the parts of its control plane, with their files in a folder, over etcd at these URLs; none if not said. */
  readonly controlPlane?: (dir: string, etcd: readonly string[]) => Promise<readonly LabComponent[]>;
}

/** What the cluster held at the snapshot and at its end. */
export interface Content {
  readonly clusterId: bigint;
  readonly snapshot: string;
  readonly atSnapshot: readonly string[];
  readonly atEnd: readonly string[];
}

/** Elections within a blink: tests start clusters by the hundred. */
const quick = ['--heartbeat-interval=20', '--election-timeout=200'];
const withinMs = 60_000;

/**
 * A cluster that was saved once, written to after that, and stopped; as it was then it is brought back before each case,
 * to be lost in another way. Its members are started as on any machine: nobody here is their parent.
 */
export class Lab implements AsyncDisposable {
  readonly dir: string;
  readonly plan: ClusterPlan;
  readonly content: Content;
  readonly repo: string;
  readonly stateDir: string;
  readonly clusterFile: string;
  readonly controlPlane: readonly LabComponent[];
  /** Runs of the product that are under way. */
  readonly #runs = new Set<Running>();

  private constructor(
    dir: string,
    plan: ClusterPlan,
    content: Content,
    controlPlane: readonly LabComponent[],
  ) {
    this.dir = dir;
    this.plan = plan;
    this.content = content;
    this.controlPlane = controlPlane;
    this.repo = join(dir, 'repository');
    this.stateDir = join(dir, 'state');
    this.clusterFile = join(dir, 'cluster.json');
  }

  /** Fills a cluster, saves it, writes on, stops it, and keeps what lies on its disks. */
  static async make(options: LabOptions): Promise<Lab> {
    const { version, members, spare = 0, before = 40, after = 20 } = options;
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-lab-'));
    const all = await planCluster({
      version,
      members: members + spare,
      dir: join(dir, 'live'),
      extraArgs: quick,
    });
    const plan = firstMembers(all, members);
    const cluster = await startPlanned({ ...plan, members: plan.members.slice(0, members) });
    const [early, late] = [podKeys('early', before), podKeys('late', after)];
    for (const key of early) await cluster.gateway().put(key, `value of ${key}`);
    const { name } = await answer<{ name: string }>(
      ...['snapshot', 'save', '--endpoints', cluster.endpoints.join(',')],
      ...['--repo', join(dir, 'repository'), '--cluster', 'lab'],
    );
    for (const key of late) await cluster.gateway().put(key, `value of ${key}`);
    if (before > 0) await cluster.gateway().deleteRange(early[0]!);
    const { clusterId } = await cluster.gateway().status();
    await cluster.stopAll();
    cluster.leave();
    const content = {
      clusterId,
      snapshot: name,
      atSnapshot: early.toSorted(),
      atEnd: [...early.slice(1), ...late].toSorted(),
    };
    mkdirSync(join(dir, 'control-plane'));
    const parts = await options.controlPlane?.(join(dir, 'control-plane'), cluster.endpoints);
    const lab = new Lab(dir, { ...plan, members: all.members }, content, parts ?? []);
    await lab.keep();
    lab.describe(plan.members);
    return lab;
  }

  /** Stops everything, and keeps it for `reset` as it is then. */
  async keep(): Promise<void> {
    await this.#endAll();
    rmSync(join(this.dir, 'template'), { recursive: true, force: true });
    for (const name of ['live', 'repository']) copy(join(this.dir, name), join(this.dir, 'template', name));
  }

  /** The members that had data, then the spare ones. */
  get members(): readonly PlannedMember[] {
    return this.plan.members;
  }

  /** Everything as it was when the cluster was stopped. */
  async reset(): Promise<void> {
    await this.#endAll();
    for (const name of ['live', 'repository', 'state']) {
      rmSync(join(this.dir, name), { recursive: true, force: true });
    }
    copy(join(this.dir, 'template'), this.dir);
  }

  /** Writes the description of the cluster that the commands are given. */
  describe(members: readonly PlannedMember[]): void {
    const description = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'ClusterDescription',
      name: 'lab',
      members: members.map((member) => ({
        name: member.name,
        peerUrls: [member.peerUrl],
        clientUrls: [member.clientUrl],
        dataDir: member.dataDir,
        run: {
          driver: 'process',
          command: memberCommand(this.plan, member),
          logFile: member.logFile,
        },
      })),
      controlPlane: this.controlPlane.map(({ description }) => description),
    };
    writeFileSync(this.clusterFile, JSON.stringify(description, null, 2));
  }

  /**
   * Starts members, the ones that had data if not said, and waits until those answer reads that need a quorum; then the
   * control plane.
   */
  async start(
    members = this.members.filter((each) => each.dataDir !== undefined),
    wait = true,
  ): Promise<void> {
    for (const member of members) {
      const [program = '', ...args] = memberCommand(this.plan, member);
      const log = openSync(member.logFile, 'a');
      spawn(program, args, {
        stdio: ['ignore', log, log],
        env: memberEnvironment(this.plan),
        detached: true,
      }).unref();
      closeSync(log);
    }
    if (!wait) return;
    await this.healthy(members);
    for (const part of this.controlPlane) await startComponent(part);
  }

  /** Ends members as a power cut does. */
  async kill(members: readonly PlannedMember[]): Promise<void> {
    for (const { dataDir } of members) {
      for (const { pid } of etcdsUnder(this.dir).filter((each) => each.dataDir === dataDir)) {
        process.kill(pid, 'SIGKILL');
      }
    }
    for (const { dataDir } of members) {
      while (etcdsUnder(this.dir).some((each) => each.dataDir === dataDir)) await sleep(5);
    }
  }

  /** Ends members and destroys their data. */
  async destroy(members: readonly PlannedMember[]): Promise<void> {
    await this.kill(members);
    for (const { dataDir } of members) rmSync(dataDir, { recursive: true, force: true });
  }

  isRunning({ dataDir }: PlannedMember): boolean {
    return etcdsUnder(this.dir).some((each) => each.dataDir === dataDir);
  }

  /** A client of one member, which the caller closes. */
  gateway(member: PlannedMember): Gateway {
    return openGateway(targetOf(this.plan, member));
  }

  /** Waits until all of these answer a read that needs a quorum. */
  async healthy(members: readonly PlannedMember[]): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (const member of members) {
      const gateway = this.gateway(member);
      try {
        while (
          !(await gateway.range({ key: 'x' }).then(
            () => true,
            () => false,
          ))
        ) {
          if (performance.now() > deadline)
            throw new Error(`${member.name} is not healthy, see ${member.logFile}`);
          await sleep(20);
        }
      } finally {
        gateway.close();
      }
    }
  }

  /** Runs a restore command on this lab's cluster. */
  async restore(args: readonly string[], fault?: Fault, env?: NodeJS.ProcessEnv): Promise<Finished> {
    return await this.begin(args, fault, env).finished;
  }

  /** The same, for who wants to do something meanwhile. */
  begin(args: readonly string[], fault?: Fault, env?: NodeJS.ProcessEnv): Running {
    const run = beginHoldfast(['restore', ...args, '--state-dir', this.stateDir], fault, env);
    this.#runs.add(run);
    void run.finished.finally(() => this.#runs.delete(run));
    return run;
  }

  /** The flags of `plan` and `run`. */
  get request(): string[] {
    return ['--cluster-file', this.clusterFile, '--repo', this.repo, '--cluster', 'lab'];
  }

  /** What lies in a member's data directory. */
  entries({ dataDir }: PlannedMember): string[] {
    try {
      return readdirSync(dataDir).toSorted();
    } catch {
      return [];
    }
  }

  /** Whatever a case has left running. */
  async #endAll(): Promise<void> {
    for (const run of this.#runs) {
      run.signal('SIGKILL');
      await run.finished;
    }
    for (const part of this.controlPlane) await killComponent(part);
    await killEtcdsUnder(this.dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endAll();
    for (const part of this.controlPlane) await removeComponent(part);
    for (const { ports } of this.members) for (const port of [ports.client, ports.peer]) freePort(port);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function podKeys(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `/registry/pods/default/${prefix}-${i}`);
}

/** The plan of the first members alone: the spare ones are not in its initial cluster. */
function firstMembers(plan: ClusterPlan, count: number): ClusterPlan {
  const members = plan.members.slice(0, count);
  const initialCluster = members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  return { ...plan, members, initialCluster };
}

/** Copies a tree with its holes: a log is 64 MB of zeros. */
function copy(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    execFileSync('cp', ['-r', '--sparse=always', join(from, basename(name)), to]);
  }
}
