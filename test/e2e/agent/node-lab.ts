import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Daemon,
  engineWork,
  Teller,
  type DaemonEvent,
  type JobPorts,
  type Work,
} from '@holdfast/agent/standalone';
import { isFailure, type Clock } from '@holdfast/base';
import { CopyQueue, readPolicyFile } from '@holdfast/engine';
import { connectEtcd } from '@holdfast/etcd/client';
import { openRepository, openS3, type Repository } from '@holdfast/repository';
import type { FaultProxy, S3Server } from '@holdfast/test-servers';
import type { SimulatedClock } from './simulated-clock.ts';

/** The real parts that a node stands between. */
export interface NodeParts {
  readonly endpoints: readonly string[];
  readonly s3: S3Server;
  readonly proxy: FaultProxy;
  readonly etcdProgram: string;
  readonly clock: SimulatedClock;
  /** By which folder a repository's name leads somewhere; `s3` is the bucket `backups`. */
  readonly folders: Readonly<Record<string, string>>;
}

/** What a receiver of alerts was told: `firing save-failed main`. */
export type Told = string;

/** How a process ends that is killed. */
interface Death {
  readonly kill: () => Promise<never>;
  readonly isDead: () => boolean;
}

/** A node with its state folder, policy file and credentials, whose daemon can be killed and begun again. */
export class NodeLab implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-node-'));
  readonly told: Told[] = [];
  readonly events: DaemonEvent[] = [];
  /** Steady times at which a snapshot of a policy was saved. */
  readonly saved: { readonly policy: string; readonly atMs: number }[] = [];
  /** The next save is where the process is killed: its record is written, and nothing else. */
  killAtSave = false;
  readonly #parts: NodeParts;
  readonly #receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { alerts } = JSON.parse(body) as {
        alerts: readonly { readonly status: string; readonly labels: Record<string, string> }[];
      };
      for (const { status, labels } of alerts) {
        const about = [labels['alertname'], labels['policy'], labels['repository']].filter(Boolean);
        this.told.push([status, ...about].join(' '));
      }
      response.writeHead(200).end();
    });
  });

  constructor(parts: NodeParts) {
    this.#parts = parts;
    mkdirSync(this.stateDir, { mode: 0o700 });
    this.setCredentials(parts.s3.secretKey);
  }

  get stateDir(): string {
    return join(this.folder, 'state');
  }

  get policyFile(): string {
    return join(this.folder, 'policies.yaml');
  }

  setCredentials(secretKey: string): void {
    writeFileSync(join(this.folder, 'secret'), secretKey, { mode: 0o600 });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#receiver.listen(0, '127.0.0.1', resolve));
  }

  /** Runs a daemon until the signal ends it, or it is killed. @returns which of the two */
  async run(signal: AbortSignal): Promise<'ended' | 'killed'> {
    const killed = Promise.withResolvers<'killed'>();
    let isDead = false;
    const kill = async (): Promise<never> => {
      isDead = true;
      killed.resolve('killed');
      return await new Promise<never>(() => {});
    };
    const log = (event: DaemonEvent): void => void this.events.push(event);
    const clock = this.#parts.clock.forLoop(() => isDead);
    const { stateDir } = this;
    const teller = this.#teller(log);
    const daemon = new Daemon({
      ...{ clock, node: 'node-1', stateDir, log, lookMs: 120_000 },
      policies: {
        stamp: async () => {
          if (isDead) await new Promise(() => {});
          const { mtimeMs, size } = statSync(this.policyFile);
          return `${mtimeMs} ${size}`;
        },
        read: () => readPolicyFile(this.policyFile, clock.now()),
      },
      work: this.#watched(engineWork(this.#ports(), log), { kill, isDead: () => isDead }),
      observer: {
        start: (memory) => teller.start(memory),
        observe: (observed) => this.#parts.clock.during(() => teller.observe(observed)),
        stop: () => teller.stop(),
      },
    });
    const own = new AbortController();
    // A process that was killed hears no signal.
    signal.addEventListener('abort', () => isDead || own.abort(signal.reason));
    const ended = daemon.run(own.signal).then(() => 'ended' as const);
    const how = await Promise.race([ended, killed.promise]);
    if (how === 'killed') {
      await teller.stop();
      this.#forgetLocks();
    }
    return how;
  }

  /** Locks tell by the process that their holder has ended; this process goes on. */
  #forgetLocks(): void {
    for (const folder of [join(this.stateDir, 'agent'), join(this.stateDir, 'agent', 'runs')]) {
      for (const name of readdirSync(folder).filter((each) => each.startsWith('lock-')))
        rmSync(join(folder, name));
    }
  }

  #teller(log: (event: DaemonEvent) => void): Teller {
    const { port } = this.#receiver.address() as AddressInfo;
    return new Teller({
      ...{ node: 'node-1', version: '0.1.0', log },
      clock: { ...this.#parts.clock.forWork(), monotonic: () => this.#parts.clock.steady },
      listen: undefined,
      webhook: { url: new URL(`http://127.0.0.1:${port}/`), ca: undefined },
      heartbeat: undefined,
      systemd: { socket: undefined, watchdogMs: undefined },
    });
  }

  /** Time stands still while work is done; a process that was killed does none. */
  #watched(work: Work, { kill, isDead }: Death): Work {
    const { clock } = this.#parts;
    const alive = async <T>(act: () => Promise<T>): Promise<T> =>
      isDead() ? await new Promise<T>(() => {}) : await clock.during(act);
    return {
      save: async (order, signal) => {
        if (this.killAtSave) {
          this.killAtSave = false;
          return await kill();
        }
        const end = await alive(() => work.save(order, signal));
        this.saved.push({ policy: order.policy.name, atMs: clock.steady });
        return end;
      },
      prune: (...asked) => alive(() => work.prune(...asked)),
      check: (...asked) => alive(() => work.check(...asked)),
      drill: (...asked) => alive(() => work.drill(...asked)),
      copy: (...asked) => alive(() => work.copy(...asked)),
      look: (...asked) => alive(() => work.look(...asked)),
      waiting: () => alive(() => work.waiting()),
    };
  }

  #ports(): JobPorts {
    const { clock, endpoints, etcdProgram } = this.#parts;
    const work = clock.forWork();
    return {
      clock: work,
      ...{ holdfast: '0.1.0', scratchFolder: this.folder, stateDir: this.stateDir },
      connect: async () => connectEtcd({ endpoints, clock: work }),
      destinations: (targets, mayMake, signal) =>
        Promise.all(
          targets.map(async ({ repository: name, required }) => {
            const make = mayMake(name) && name !== 's3';
            const repository = await this.open(name, make, signal).catch((error: unknown) => {
              if (isFailure(error)) return error;
              throw error;
            });
            return { name, at: name, required, repository };
          }),
        ),
      open: (name, signal) => this.open(name, false, signal),
      at: (name) => name,
      queue: new CopyQueue(this.stateDir, { clock: work, random: () => 0.5 }),
      memory: join(this.stateDir, 'repositories'),
      etcdProgram,
      credentials: async () => undefined,
      companionsRoot: undefined,
      nameOf: () => undefined,
    };
  }

  /** A repository, with the credentials that are in the file now. */
  async open(name: string, create: boolean, signal = new AbortController().signal): Promise<Repository> {
    const { clock, s3, proxy, folders } = this.#parts;
    if (name !== 's3') return await openRepository(folders[name]!, { create, clock: clock.forWork() });
    const hasty: Clock = clock.forAttempts();
    const credentials = {
      accessKeyId: s3.accessKey,
      secretAccessKey: readFileSync(join(this.folder, 'secret'), 'utf8'),
    };
    const { endpoint, ca } = proxy;
    const settings = { bucket: 'backups', endpoint, region: s3.region, ca, credentials };
    const options = { clock: hasty, signal, random: () => 0.5, variables: {}, warn: () => {} };
    return await openRepository(await openS3(settings, options), { create, clock: hasty });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#receiver.closeAllConnections();
    if (this.#receiver.listening) await new Promise((resolve) => this.#receiver.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
