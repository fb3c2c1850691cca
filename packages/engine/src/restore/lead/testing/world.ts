import { setTimeout as wait } from 'node:timers/promises';
import { Failure, type Clock } from '@holdfast/base';
import { unseen, type RestorePlan, type StepKind } from '@holdfast/model';
import type { ClusterStepOrder } from '../../cluster-steps/index.ts';
import type { ComponentOrder, NodeContext, RestoreNode, StepEvidence, StepOrder } from '../../node.ts';
import { ControlPlane } from './control-plane.ts';

/** The process is dead: it writes no record and does nothing to any node any more. */
export class Died extends Error {}

interface Machine {
  name: 'old' | 'new' | 'bar';
  running: 'old' | 'new' | undefined;
  kept: boolean;
  undone: boolean;
  artefact: boolean;
  staged: boolean;
  claim: boolean;
}

type Act = { readonly kind: StepKind; readonly way: 'do' | 'undo'; readonly member: string | undefined };

/**
 * Machines in memory, as far as it matters in which order a leader acts on them: what they are is the agent's business.
 * Every start is checked: never an old and a new member at once, never a new one before all old data is put aside; and no
 * API server while data is moved, or restored and not yet proven.
 */
export class World implements Clock {
  readonly machines = new Map<string, Machine>();
  readonly acts: Act[] = [];
  /** What was contradicted; must stay empty. */
  readonly broken: string[] = [];
  /** Thrown by an act, or undefined; asked before its effect. */
  fault: (act: Act) => Error | undefined = () => undefined;
  /** An act that waits until it is told to stop; with a promise: for that, and hears nothing. */
  hang: (act: Act) => 'hang' | Promise<void> | undefined = () => undefined;
  /** Whether what was stopped of the control plane runs again, right before an act or a look at it. */
  revives: (act: { kind: Act['kind'] | 'look'; way: Act['way'] }) => boolean = () => false;
  /** Whether a part of the control plane ran by itself beside an etcd with the new data, at any time. */
  wasBesideNew = false;
  /** Members whose machine is gone for good: nobody is to wait for them. */
  readonly gone = new Set<string>();
  #dead = false;
  #left = Infinity;
  #ms = Date.parse('2026-11-21T12:00:00.000Z');
  #sleepers = new Set<{ ms: number; wake: () => void }>();
  readonly #plan: RestorePlan;
  /** By what machines were configured, and not put back since. */
  readonly #configured = new Set<string>();
  readonly controlPlane: ControlPlane;
  #proven = false;

  constructor(plan: RestorePlan) {
    this.#plan = plan;
    this.controlPlane = new ControlPlane(plan, {
      isProven: () => this.#proven && this.#isNewRunning,
      isOld: () => this.reached.every(({ machine }) => machine.name === 'old' && machine.running === 'old'),
      broken: (what) => this.broken.push(what),
    });
    for (const { name } of plan.members) {
      this.machines.set(name, {
        name: 'old',
        running: 'old',
        kept: false,
        undone: false,
        artefact: false,
        staged: false,
        claim: false,
      });
    }
  }

  /** A new process, which dies at its `moments`th record or act. */
  live(moments = Infinity): void {
    this.#dead = false;
    this.#left = moments;
  }

  /** Members that take part: one that is vouched for as off is nobody's, nor is one that is gone. */
  get reached(): { member: RestorePlan['members'][number]; machine: Machine }[] {
    return this.#plan.members
      .filter(({ attested, name }) => attested === undefined && !this.gone.has(name))
      .map((member) => ({ member, machine: this.machines.get(member.name)! }));
  }

  get isAllOld(): boolean {
    const isOld = this.reached.every(
      ({ machine: { name, running, kept, artefact, staged, claim } }) =>
        name === 'old' && running === 'old' && !kept && !artefact && !staged && !claim,
    );
    return isOld && this.controlPlane.isAsBefore && this.#configured.size === 0;
  }

  get isAllNew(): boolean {
    const isNew = this.reached.every(({ member, machine: { name, running, kept, staged, claim } }) => {
      const fresh = member.role === 'member';
      return (
        name === (fresh ? 'new' : 'bar') &&
        running === (fresh ? 'new' : undefined) &&
        kept &&
        !staged &&
        !claim
      );
    });
    const planned = (this.#plan.changes ?? []).filter(({ applies }) => applies);
    const isConfigured = planned.every(({ at }) => this.#configured.has(at));
    return isNew && isConfigured && this.controlPlane.isAllUp;
  }

  get #isNewRunning(): boolean {
    return this.reached.every(({ member, machine }) => member.role === 'former' || machine.running === 'new');
  }

  now(): Date {
    this.#moment();
    this.#ms += 1;
    return new Date(this.#ms);
  }

  monotonic(): number {
    return this.#ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { ms, wake: resolve };
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', () => reject(signal.reason));
    if (signal?.aborted === true) reject(signal.reason);
    await promise.finally(() => this.#sleepers.delete(sleeper));
  }

  /** Lets time pass for whoever sleeps so long; false when nobody does. */
  elapse(ms: number): boolean {
    const due = [...this.#sleepers].filter((sleeper) => sleeper.ms === ms);
    for (const { wake } of due) wake();
    return due.length > 0;
  }

  readonly node: RestoreNode = {
    observe: ({ name }) =>
      Promise.resolve({ ...unseen(), running: this.machines.get(name)!.running !== undefined }),
    compare: () => Promise.reject(new Error('a leader compares nothing')),
    observeComponent: async ({ name }) => {
      this.#moment();
      await Promise.resolve();
      this.#revive({ kind: 'look', way: 'do', member: name });
      return { running: this.controlPlane.running.has(name), detail: 'its unit says so' };
    },
    performComponent: async (order, context) => this.#actOnPart('do', order, context),
    undoComponent: async (order, context) => this.#actOnPart('undo', order, context),
    perform: async (order, context) => this.#act('do', order, context, () => this.#do(order)),
    undo: async (order, context) => this.#act('undo', order, context, () => this.#undo(order)),
    salvaged: ({ found }) => ({
      ...(found.salvage as { sha256: string; size: number }),
      open: () => nothing(),
    }),
    release: async (_, { name }) => {
      this.#moment();
      const machine = this.machines.get(name)!;
      const paths = [...(machine.kept ? ['kept'] : []), ...(machine.undone ? ['undone'] : [])];
      machine.kept = machine.undone = false;
      await Promise.resolve();
      return paths.map((path) => `${name}/${path}`);
    },
  };

  readonly clusterStep = async (
    context: { signal: AbortSignal },
    order: ClusterStepOrder,
  ): Promise<StepEvidence> =>
    this.#act('do', order, { clock: this, signal: context.signal }, () => {
      const { kind, member } = order;
      if (kind === 'check') return { checks: [], controlPlane: this.controlPlane.seen };
      if (kind === 'probe') this.#proven = true;
      if (kind === 'join') return { memberId: 'b2', initialCluster: `${member?.name}=there` };
      if (kind === 'promote' && order.found('join', member?.name) === undefined)
        this.broken.push('promoted a stranger');
      if (kind !== 'agree') return {};
      for (const { member, machine } of this.reached) {
        if (member.role === 'member' && machine.running !== 'new')
          this.broken.push(`${member.name} cannot agree`);
      }
      const evidence = {
        clusterId: 'abcdef',
        revision: 1007,
        members: [{ name: 'm1', hashKv: { revision: 1007, compactRevision: 1006, hash: 99 } }],
      };
      return {
        checks: [{ id: 'Q1', what: 'members agree', outcome: 'passed', detail: 'they do', evidence }],
      };
    });

  async #actOnPart(way: Act['way'], order: ComponentOrder, context: NodeContext): Promise<StepEvidence> {
    const acting = this.controlPlane.begin(order, way);
    const { kind, component } = order;
    try {
      return await this.#act(way, { kind, member: component }, context, () =>
        kind === 'configure' ? this.#configure(component.name, way) : this.controlPlane.act(order, way),
      );
    } finally {
      acting.end();
    }
  }

  /** While nothing of the cluster could be started: what boots amid it would be half old. */
  #configure(name: string, way: Act['way']): StepEvidence {
    if (this.controlPlane.running.size > 0) this.broken.push(`${name} is configured while it runs`);
    for (const { member, machine } of this.reached)
      if (machine.name !== 'bar') this.broken.push(`${name} is configured beside data of ${member.name}`);
    if (way === 'do') this.#configured.add(name);
    else this.#configured.delete(name);
    return {};
  }

  /** Dies before or after the effect, or between two of them. */
  async #act(
    way: Act['way'],
    { kind, member }: { kind: StepKind; member: { name: string } | undefined },
    { signal }: Pick<NodeContext, 'signal' | 'clock'>,
    effect: () => StepEvidence,
  ): Promise<StepEvidence> {
    const act: Act = { kind, way, member: member?.name };
    this.#moment();
    this.acts.push(act);
    this.#revive(act);
    // Some are slow, so that whatever may happen beside them does.
    if (this.acts.length % 3 === 0) await wait(2);
    const hang = this.hang(act);
    if (hang === 'hang') {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    }
    await hang;
    const fault = this.fault(act);
    if (fault !== undefined) throw fault;
    if (this.#dead) throw new Died();
    const evidence = effect();
    this.#moment();
    return evidence;
  }

  /** What is looked at or stopped side by side comes back each for itself. */
  #revive(act: Omit<Act, 'kind'> & { kind: Act['kind'] | 'look' }): void {
    const { kind, member } = act;
    if (this.revives(act)) this.controlPlane.revive(kind === 'look' || kind === 'halt' ? member : undefined);
    const isNew = this.reached.some(({ machine }) => machine.running === 'new');
    this.wasBesideNew ||= isNew && this.controlPlane.revived.size > 0;
  }

  #moment(): void {
    this.#left -= 1;
    if (this.#left <= 0) this.#dead = true;
    if (this.#dead) throw new Died();
  }

  /**
   * Data is moved, or run by etcd, under the hands of a control plane only where members are replaced. One that runs again
   * while old data is put aside sees no other data; it has to be stopped before there is any.
   */
  #expectHalted({ kind, member }: StepOrder, way: Act['way']): void {
    if (this.#plan.way === 'replace' || !['stop', 'keep', 'place', 'start'].includes(kind)) return;
    const { running, revived } = this.controlPlane;
    const isEarly = way === 'do' && (kind === 'stop' || kind === 'keep');
    if (running.size > (isEarly ? revived.size : 0))
      this.broken.push(`${kind} of ${member.name} beside a control plane that runs`);
  }

  #do(order: StepOrder): StepEvidence {
    const { kind, member, artefact, found, join } = order;
    this.#expectHalted(order, 'do');
    const machine = this.machines.get(member.name)!;
    if (kind === 'lock') {
      machine.claim = true;
      return { wasRunning: true };
    }
    if (found.lock === undefined) this.broken.push(`${kind} of ${member.name} is not told of its lock`);
    if (kind === 'fetch' || kind === 'share' || kind === 'stage') {
      if (artefact?.sha256 !== 'ab'.repeat(32)) this.broken.push(`${kind} has no artefact`);
    }
    if (kind === 'fetch' || kind === 'share') machine.artefact = true;
    if (kind === 'configure') return this.#configure(member.name, 'do');
    if (kind === 'stop') machine.running = undefined;
    if (kind === 'keep') {
      if (machine.running !== undefined) this.broken.push('renamed under an etcd that runs');
      if (machine.name === 'old') [machine.name, machine.kept] = ['bar', true];
      return { kept: `/var/lib/${member.name}/member.pre-${this.#plan.id}`, keptLog: null };
    }
    if (kind === 'salvage') return { sha256: 'ab'.repeat(32), size: 1000 };
    if (kind === 'stage') machine.staged = true;
    if (kind === 'place') [machine.name, machine.staged, machine.artefact] = ['new', false, false];
    if (kind === 'start') this.#start(member.name, machine, join !== undefined);
    if (kind === 'unlock') machine.claim = false;
    return {};
  }

  #start(name: string, machine: Machine, joins: boolean): void {
    for (const { member, machine } of this.reached) {
      if (machine.running === 'old') this.broken.push(`${name} starts new while ${member.name} runs old`);
      if (!machine.kept) this.broken.push(`${name} starts new before the data of ${member.name} is kept`);
    }
    if (machine.name !== 'new' && !joins) this.broken.push(`${name} starts from nothing`);
    [machine.name, machine.running] = ['new', 'new'];
    this.#proven = false;
  }

  #undo(order: StepOrder): StepEvidence {
    const { kind, member, keepNew, found } = order;
    this.#expectHalted(order, 'undo');
    const machine = this.machines.get(member.name)!;
    if (kind === 'configure') return this.#configure(member.name, 'undo');
    if (kind === 'lock') machine.claim = false;
    if (kind === 'fetch' || kind === 'share') machine.artefact = false;
    if (kind === 'stop' && found.lock?.['wasRunning'] === true) {
      for (const { machine } of this.reached) {
        if (machine.running === 'new') this.broken.push(`${member.name} starts old while a new one runs`);
        if (machine.name !== 'old') this.broken.push(`${member.name} starts old before all old data is back`);
      }
      machine.running = 'old';
    }
    if (kind === 'keep' && machine.kept) [machine.name, machine.kept] = ['old', false];
    if (kind === 'stage') machine.staged = false;
    // One that joined has made its data itself.
    if (kind === 'start') machine.running = undefined;
    if ((kind === 'place' || kind === 'start') && machine.name === 'new') {
      if (kind === 'place' || found.place === undefined) {
        machine.name = 'bar';
        machine.undone ||= keepNew === true;
      }
    }
    if (kind === 'unlock') machine.claim = true;
    return machine.undone ? { undone: `/var/lib/${member.name}/member.undone-${this.#plan.id}` } : {};
  }
}

// oxlint-disable-next-line require-yield
async function* nothing(): AsyncIterable<Uint8Array> {
  await Promise.reject(new Failure('file-unreadable', 'nobody reads it here', { path: '' }));
}
