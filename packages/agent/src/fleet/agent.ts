import { isFailure, type Clock, type Failure } from '@holdfast/base';
import { NodeCall } from '@holdfast/model/fleet';
import { Daemon } from '../standalone/daemon.ts';
import { engineWork } from '../standalone/jobs/index.ts';
import type { DaemonLog } from '../standalone/log.ts';
import type { DaemonObserver } from '../standalone/observer.ts';
import type { JobPorts } from '../standalone/ports.ts';
import { DaemonHold } from '../standalone/run-lock.ts';
import { localNode } from '../local-node.ts';
import type { ServerConnection } from './connection.ts';
import { fleetFolder, type FleetFolder } from './folder.ts';
import { renewAt, type Identity } from './identity/identity.ts';
import { joined, renewed, connectionOf, type JoinOptions } from './identity/join.ts';
import { gather, type Gathered, type InventoryPorts } from './inventory/gather.ts';
import type { Act, Result } from './orders/act.ts';
import { carryOut } from './orders/carry-out.ts';
import { NodeCalls } from './orders/node-calls.ts';
import { StoredIn } from './orders/stored-in.ts';
import { Worker } from './orders/worker.ts';
import { PeerDoor } from './peer/door.ts';
import { serverCalls } from './restore/calls.ts';
import { Leads } from './restore/lead-order.ts';
import { KeptAssignment } from './stand-in/assignment.ts';
import { withFleetRepositories } from './stand-in/fleet-repositories.ts';
import { OwnRuns } from './stand-in/own-runs.ts';
import { StandIn } from './stand-in/stand-in.ts';
import { OrderJournal } from './sync/order-journal.ts';
import { SyncLoop } from './sync/sync-loop.ts';

export interface FleetAgentParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: DaemonLog;
  readonly observer: DaemonObserver;
  /** The jobs by this machine's own configuration. */
  readonly jobs: JobPorts;
  readonly join: JoinOptions;
  readonly inventory: Pick<InventoryPorts, 'connector' | 'endpoints' | 'clusterFile' | 'certificateFiles'>;
  /** Where other nodes get the bytes of a snapshot while a restore needs them. */
  readonly peerListen: { readonly host: string; readonly port: number };
  /** Where proxies and a default region are looked for. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Milliseconds between two looks at the machine, at the certificate's age, and at the journal of orders. */
const lookMs = 60_000;
/** Milliseconds that a server is waited for before what was begun is gone on with. */
const resumeMs = 10_000;
/** Milliseconds in which what is under way has to end when the agent does. */
const endMs = 6_000;

/** The agent of a node in a fleet: does what the server orders, and keeps the schedule while that is away. */
export class FleetAgent {
  readonly #parts: FleetAgentParts;
  readonly #folder: FleetFolder;
  readonly #hold: DaemonHold;
  #identity: Identity | undefined;
  #connection: ServerConnection | undefined;
  #inventory: Gathered | undefined;
  #look = Promise.withResolvers<void>();
  #renewNow = false;
  readonly #heard = Promise.withResolvers<void>();

  constructor(parts: FleetAgentParts) {
    this.#parts = parts;
    this.#folder = fleetFolder(parts.jobs.stateDir);
    this.#hold = new DaemonHold(parts.jobs.stateDir);
  }

  /**
   * Joins, unless that was done, and works until the signal is aborted; then what is under way is ended or kept for the
   * next start, within seconds.
   *
   * @throws Failure server-untrusted and join-refused before it has joined, agent-unjoined; agent-running; file-unreadable
   *   and file-unwritable for the state folder; what the observer cannot be started with
   */
  async run(signal: AbortSignal): Promise<void> {
    // Before anything is told or taken: a second agent of this folder would be given the orders of the first.
    await this.#hold.take(this.#parts.clock, signal);
    try {
      await this.#joinAndWork(signal);
    } finally {
      await this.#hold.release();
    }
  }

  async #joinAndWork(signal: AbortSignal): Promise<void> {
    const { clock, random, join } = this.#parts;
    const onRetry = (failure: Failure): void =>
      this.#say('warning', 'join-waits', `${failure.message}: ${failure.why}; it is asked again`);
    this.#identity = await joined(this.#folder, join, { clock, signal, random, onRetry });
    const { node, clusterName, server } = this.#identity;
    this.#say('info', 'joined', `this is node ${node} of cluster ${clusterName} at ${server}`);
    this.#connection = connectionOf(this.#identity);
    try {
      await this.#work(signal);
    } finally {
      await this.#connection.close();
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { clock, log, jobs } = this.#parts;
    const assignment = await KeptAssignment.read(this.#folder);
    const ownRuns = await OwnRuns.read(this.#folder);
    const standIn = new StandIn(clock, assignment, ownRuns);
    const fleetJobs = withFleetRepositories(jobs, {
      ...this.#parts,
      assignment: () => assignment.current,
      warn: (text) => this.#say('warning', 'notice', text),
    });
    const { journal, damaged } = await OrderJournal.open(this.#folder.orders, clock);
    for (const name of damaged)
      this.#say('error', 'order-damaged', `the record of an order was damaged and is put aside: ${name}`);
    // Ends with whatever ends first: nobody works on for an agent that is half there.
    const end = new AbortController();
    const stop = AbortSignal.any([signal, end.signal]);
    const door = this.#door();
    const worker = await this.#worker(journal, fleetJobs, door, { stop, onNews: () => sync.tell() });
    const sync = this.#sync(journal, worker, { assignment, ownRuns, standIn });
    const daemon = this.#daemon(fleetJobs, standIn, ownRuns, () => sync.tell());
    void this.#resume(worker, stop);
    const tasks = [daemon.run(stop), sync.run(stop), this.#looking(sync, stop)].map((task) =>
      task.finally(() => end.abort(new Error('another part of the agent has ended'))),
    );
    const ended = await Promise.allSettled(tasks);
    await this.#within(endMs, worker.ended());
    await door.close();
    await journal.close();
    log({ at: clock.now(), level: 'info', event: 'stopped', text: 'the agent has ended' });
    const failed = ended.find((each) => each.status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /**
   * Goes on with the orders of before once the server had the time to call off what it has given to another node since. A
   * server that is away keeps nobody from it for long.
   */
  async #resume(worker: Worker, signal: AbortSignal): Promise<void> {
    const heard = new AbortController();
    const within = AbortSignal.any([signal, heard.signal]);
    const waiting = this.#parts.clock.sleep(resumeMs, within).catch(() => {});
    await Promise.race([this.#heard.promise, waiting]);
    heard.abort();
    if (!signal.aborted) worker.resume();
  }

  #door(): PeerDoor {
    const { peerListen: listen } = this.#parts;
    return new PeerDoor({
      ...{ listen, identity: () => this.#self },
      log: (text) => this.#say('warning', 'peer-refused', text),
    });
  }

  async #worker(
    journal: OrderJournal,
    jobs: JobPorts,
    door: PeerDoor,
    { stop, onNews }: { readonly stop: AbortSignal; readonly onNews: () => void },
  ): Promise<Worker> {
    const { clock, random, log, inventory } = this.#parts;
    const ports = {
      ...{ clock, random, log, jobs, door, connector: inventory.connector },
      local: localNode(clock),
      identity: () => this.#self,
      calls: serverCalls(() => this.#server),
      storedIn: await StoredIn.read(this.#folder),
    };
    const calls = new NodeCalls(ports);
    const leads = new Leads(ports);
    const parts = { clock, log, journal, onNews };
    const doing = async (act: Act): Promise<Result> => {
      try {
        return await carryOut(ports, { calls, leads }, act);
      } finally {
        // Nobody is to be told for a minute that a cluster is lost which is back.
        if (changesMembers(act.order)) this.#look.resolve();
      }
    };
    return new Worker({ ...parts, carryOut: doing }, stop);
  }

  #sync(
    journal: OrderJournal,
    worker: Worker,
    known: { readonly assignment: KeptAssignment; readonly ownRuns: OwnRuns; readonly standIn: StandIn },
  ): SyncLoop {
    const { clock, random, log, jobs } = this.#parts;
    const { assignment, ownRuns, standIn } = known;
    return new SyncLoop({
      ...{ clock, random, log, journal, worker, assignment, ownRuns, agentVersion: jobs.holdfast },
      connection: () => this.#server,
      inventory: () => this.#inventory,
      onHeard: () => {
        standIn.heard();
        this.#heard.resolve();
      },
      onRenew: () => {
        this.#renewNow = true;
        this.#look.resolve();
      },
    });
  }

  #daemon(jobs: JobPorts, standIn: StandIn, ownRuns: OwnRuns, onNews: () => void): Daemon {
    const { clock, log, observer } = this.#parts;
    return new Daemon({
      ...{ clock, log, observer, hold: this.#hold, stateDir: jobs.stateDir, policies: standIn },
      // One for all nodes of the cluster: by it runs are put off, whichever of them stands in.
      node: this.#self.cluster,
      work: engineWork(jobs, log),
      begunBefore: (policy, job) => standIn.begunBefore(policy, job),
      onEnded: async (ended) => {
        await ownRuns.add(ended);
        onNews();
      },
    });
  }

  /** Looks at the machine now and again, and sees to the certificate. */
  async #looking(sync: SyncLoop, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.#gather(signal);
      sync.tell();
      await this.#renew(signal);
      const rest = new AbortController();
      const sleeping = clock.sleep(lookMs, AbortSignal.any([signal, rest.signal])).catch(() => {});
      await Promise.race([sleeping, this.#look.promise]);
      rest.abort();
      this.#look = Promise.withResolvers<void>();
    }
  }

  async #gather(signal: AbortSignal): Promise<void> {
    const { clock, jobs, inventory } = this.#parts;
    const { clusterName } = this.#self;
    try {
      const ports = { ...inventory, clock, clusterName, folder: this.#folder, stateDir: jobs.stateDir };
      const before = this.#inventory?.inventory.notes ?? [];
      this.#inventory = await gather(ports, signal);
      for (const note of this.#inventory.inventory.notes)
        if (!before.includes(note)) this.#say('warning', 'machine-noted', note);
    } catch (error) {
      if (signal.aborted) return;
      const why = isFailure(error) ? `${error.message}: ${error.why}` : String(error);
      this.#say('warning', 'inventory-failed', `this machine could not be looked at: ${why}`);
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const isDue = this.#renewNow || renewAt(this.#self.certificate) <= this.#parts.clock.now();
    if (!isDue) return;
    try {
      this.#identity = await renewed(this.#folder, this.#self, this.#server, signal);
      const old = this.#server;
      this.#connection = connectionOf(this.#identity);
      this.#renewNow = false;
      this.#say('info', 'renewed', 'the certificate of this agent was renewed');
      // What is under way on the old one comes to its end.
      void old.retire();
    } catch (error) {
      if (signal.aborted) return;
      if (!isFailure(error)) throw error;
      this.#say('error', 'not-renewed', `the certificate was not renewed: ${error.message}: ${error.why}`);
    }
  }

  async #within(ms: number, work: Promise<void>): Promise<void> {
    const late = new AbortController();
    await Promise.race([work, this.#parts.clock.sleep(ms, late.signal).catch(() => {})]);
    late.abort();
  }

  get #self(): Identity {
    if (this.#identity === undefined) throw new Error('the agent has not joined yet');
    return this.#identity;
  }

  get #server(): ServerConnection {
    if (this.#connection === undefined) throw new Error('the agent has not joined yet');
    return this.#connection;
  }

  #say(level: 'info' | 'warning' | 'error', event: string, text: string): void {
    this.#parts.log({ at: this.#parts.clock.now(), level, event, text });
  }
}

/** Whether an order stops or starts what lives here. */
function changesMembers({ kind, input }: Act['order']): boolean {
  if (kind !== 'node') return kind === 'lead' || kind === 'restart';
  const call = NodeCall.safeParse(input).data;
  if (call?.call !== 'perform' && call?.call !== 'undo') return false;
  return ['stop', 'start', 'unlock'].includes(call.order.kind);
}
