import { randomUUID } from 'node:crypto';
import { Failure, isFailure, type Clock } from '@holdfast/base';
import {
  orAborted,
  type ArtefactSource,
  type CompareOrder,
  type ComponentOrder,
  type ComponentSight,
  type NodeContext,
  type RestoreNode,
  type StepEvidence,
  type StepOrder,
} from '@holdfast/engine';
import {
  ComponentDescription,
  MemberDescription,
  MemberSight,
  PlannedChange,
  type PlannedMember,
  type RestorePlan,
} from '@holdfast/model';
import { PeerArtefact, type CallRequest, type NodeCall, type OrderOutcome } from '@holdfast/model/fleet';
import { z } from 'zod';
import { retryMs } from '../back-off.ts';
import { heardFailure } from '../told-failure.ts';
import type { ForRestore } from '../peer/door.ts';
import type { Calls } from './calls.ts';

/** What reaching a node of another machine takes. */
export interface RemoteParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly calls: Calls;
  /** The lead order that this is done for. */
  readonly order: string;
  /** The other node. */
  readonly node: string;
  /** Has this machine serve bytes to its peers. */
  readonly offer: (plan: ForRestore, source: ArtefactSource) => Promise<PeerArtefact>;
  /** Has it serve nothing more for a restore. */
  readonly withdraw: (restore: string) => Promise<void>;
  /** Makes a source of bytes that a peer serves. */
  readonly fromPeer: (peer: PeerArtefact) => ArtefactSource;
}

/** Milliseconds that one question for the end of a call is held back. */
const waitMs = 20_000;
/** Milliseconds that a look takes at most: nobody waits for long for a node that may be gone. */
const lookMs = 30_000;
/** Milliseconds for a comparison: it reads files, and may have to get some first. */
const compareMs = 120_000;
/** Milliseconds for what no plan has a limit of. */
const releaseMs = 600_000;
/** Milliseconds that a step gets beyond its limit: by then whoever leads has given it up. */
const spareMs = 60_000;

const Evidence = z.record(z.string(), z.unknown());
const Sight = z.object({ running: z.boolean().nullable(), detail: z.string() });
// A plan's members and components have more fields than their descriptions, which take no others.
const Member = z.object(MemberDescription.shape);
const Component = z.object(ComponentDescription.shape);
const Changes = z.object({ changes: z.array(PlannedChange) });
const Paths = z.object({ paths: z.array(z.string()) });

/** Of which step and member something is told. */
type About = Readonly<Record<'step' | 'member', string>>;

/** What is asked, and for how many milliseconds it is waited for. */
interface Request {
  readonly call: NodeCall;
  readonly limitMs: number;
}

/**
 * A node of another machine, by its agent. Each act is one call with a key of its own, so that no lost answer has it done
 * twice. While the server is away it is asked again until the step's own limit ends it. Told to stop, it has the call given
 * up, and settles only once the other machine has said how it ended: nothing is undone under its hands.
 */
export class RemoteNode implements RestoreNode {
  readonly #parts: RemoteParts;

  constructor(parts: RemoteParts) {
    this.#parts = parts;
  }

  observe(member: MemberDescription, context: NodeContext): Promise<MemberSight> {
    const call = { call: 'observe', member: Member.parse(member) } as const;
    return this.#look(call, { step: 'observe', member: member.name }, context, MemberSight);
  }

  observeComponent(component: ComponentDescription, context: NodeContext): Promise<ComponentSight> {
    const call = { call: 'observe-component', component: Component.parse(component) } as const;
    return this.#look(call, { step: 'observe', member: component.name }, context, Sight);
  }

  /** The saved files are there to be had for no longer than it takes. */
  async compare(order: CompareOrder, context: NodeContext): Promise<readonly PlannedChange[]> {
    const { artefact, members, components, among, ...rest } = order;
    const { offer, withdraw } = this.#parts;
    const about = { step: 'compare', member: members[0]?.name ?? components[0]?.name ?? '' };
    const told = {
      ...rest,
      members: members.map((member) => Member.parse(member)),
      components: components.map((component) => Component.parse(component)),
    };
    try {
      const peer = artefact && (await offer({ id: rest.restore, members: among }, artefact));
      const call = { call: 'compare', order: { ...told, ...(peer && { artefact: peer }) } } as const;
      return (await this.#call({ call, limitMs: compareMs }, about, context, Changes)).changes;
    } finally {
      if (artefact !== undefined) await withdraw(rest.restore);
    }
  }

  perform(order: StepOrder, context: NodeContext): Promise<StepEvidence> {
    return this.#step('perform', order, context);
  }

  undo(order: StepOrder, context: NodeContext): Promise<StepEvidence> {
    return this.#step('undo', order, context);
  }

  performComponent(order: ComponentOrder, context: NodeContext): Promise<StepEvidence> {
    return this.#component('perform-component', order, context);
  }

  undoComponent(order: ComponentOrder, context: NodeContext): Promise<StepEvidence> {
    return this.#component('undo-component', order, context);
  }

  async release(plan: RestorePlan, member: PlannedMember, context: NodeContext): Promise<readonly string[]> {
    const about = { step: 'release', member: member.name };
    const request = { call: { call: 'release', plan, member }, limitMs: releaseMs } as const;
    return (await this.#call(request, about, context, Paths)).paths;
  }

  /** What a salvage has made there: its node serves it to the others, this machine among them. */
  salvaged(order: StepOrder): ArtefactSource {
    const { clock, fromPeer } = this.#parts;
    const { plan, kind, member, found } = order;
    const { sha256, size } = found.salvage ?? {};
    if (typeof sha256 !== 'string' || typeof size !== 'number')
      throw new Failure('node-failed', 'nothing has been salvaged there', aboutStep(order));
    const call = { call: 'offer', order: { plan, kind, member, found } } as const;
    const offered = (context: NodeContext): Promise<PeerArtefact> =>
      this.#call({ call, limitMs: lookMs }, aboutStep(order), context, PeerArtefact);
    return {
      ...{ sha256, size, peer: offered },
      async *open(signal, from) {
        yield* fromPeer(await offered({ clock, signal })).open(signal, from);
      },
    };
  }

  async #step(way: 'perform' | 'undo', order: StepOrder, context: NodeContext): Promise<StepEvidence> {
    const { plan, kind, member } = order;
    const request = {
      call: { call: way, order: await told(this.#parts, order, context) },
      limitMs: limitOf(plan, kind, member.name),
    };
    return this.#call(request, aboutStep(order), context, Evidence);
  }

  async #component(
    call: 'perform-component' | 'undo-component',
    { plan, kind, component, found, artefact }: ComponentOrder,
    context: NodeContext,
  ): Promise<StepEvidence> {
    const { name } = component;
    const peer = artefact && (await this.#parts.offer(plan, artefact));
    const request = {
      call: { call, order: { plan, kind, component, found, ...(peer && { artefact: peer }) } },
      limitMs: limitOf(plan, kind, name),
    };
    return this.#call(request, { step: kind, member: name }, context, Evidence);
  }

  /** What does not answer in time is told as silent. */
  async #look<T>(call: NodeCall, about: About, context: NodeContext, reply: z.ZodType<T>): Promise<T> {
    const { clock, node } = this.#parts;
    const done = new AbortController();
    const late = new AbortController();
    const lateness = (async () => {
      await clock.sleep(lookMs, done.signal).catch(() => {});
      late.abort(new Failure('node-silent', 'its agent has not answered', { node }));
    })();
    try {
      const signal = AbortSignal.any([context.signal, late.signal]);
      const asked = this.#call({ call, limitMs: lookMs }, about, { ...context, signal }, reply);
      // Nothing is changed by a look: it is not waited for once nobody wants it any more.
      return await orAborted(asked, signal);
    } finally {
      done.abort();
      await lateness;
    }
  }

  async #call<T>(request: Request, about: About, context: NodeContext, reply: z.ZodType<T>): Promise<T> {
    const { order, node } = this.#parts;
    const call = new Call(this.#parts, context);
    const outcome = await call.outcome({ key: randomUUID(), order, node, ...request });
    return resultOf(outcome, about, context, reply);
  }
}

/** A step as it is told to another machine. */
async function told(
  parts: RemoteParts,
  { artefact, plan, kind, member, found, join, keepNew }: StepOrder,
  context: NodeContext,
): Promise<Extract<NodeCall, { call: 'perform' }>['order']> {
  const peer =
    artefact === undefined
      ? undefined
      : artefact.peer === undefined
        ? await parts.offer(plan, artefact)
        : await artefact.peer(context);
  return {
    ...{ plan, kind, member, found },
    ...(join !== undefined && { join }),
    ...(peer !== undefined && { artefact: peer }),
    ...(keepNew !== undefined && { keepNew }),
  };
}

function aboutStep({ kind, member }: StepOrder): About {
  return { step: kind, member: member.name };
}

function limitOf({ steps }: RestorePlan, kind: string, name: string): number {
  const step = steps.find((each) => each.kind === kind && each.member === name);
  return (step?.limitMs ?? releaseMs) + spareMs;
}

function resultOf<T>(outcome: OrderOutcome, about: About, { signal }: NodeContext, reply: z.ZodType<T>): T {
  if (outcome.outcome === 'failed') throw heardFailure(outcome.failure, about);
  if (outcome.outcome === 'cancelled') {
    signal.throwIfAborted();
    throw new Failure('node-failed', 'it was given up there', about);
  }
  const found = reply.safeParse(outcome.result);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw new Failure('node-failed', `its answer is not what it should be: ${issue?.path.join('.')}`, about);
}

/** One call, until it has ended. */
class Call {
  readonly #parts: RemoteParts;
  readonly #context: NodeContext;
  #attempts = 0;

  constructor(parts: RemoteParts, context: NodeContext) {
    this.#parts = parts;
    this.#context = context;
  }

  async outcome(request: CallRequest): Promise<OrderOutcome> {
    const { calls } = this.#parts;
    const { signal, onProgress } = this.#context;
    const call = await this.#insist(signal, () => calls.begin(request, signal));
    let seen = '';
    while (!signal.aborted) {
      const state = await this.#insist(signal, () => calls.state(call, waitMs, signal)).catch(
        (error: unknown) => {
          if (signal.aborted) return undefined;
          throw error;
        },
      );
      if (state === undefined) break;
      if (state.outcome !== null) return state.outcome;
      const text = JSON.stringify(state.progress);
      if (state.progress !== null && text !== seen) onProgress?.(progressOf(state.progress));
      seen = text;
    }
    return await this.#givenUp(call);
  }

  /** How it ended, once it was told to. Whoever leads waits for that only so long. */
  async #givenUp(call: string): Promise<OrderOutcome> {
    const { calls } = this.#parts;
    const never = new AbortController().signal;
    await this.#insist(never, () => calls.end(call, never));
    for (;;) {
      const { outcome } = await this.#insist(never, () => calls.state(call, waitMs, never));
      if (outcome !== null) return outcome;
    }
  }

  /** Asks until the server answers. @throws what is no matter of reaching it; the signal's reason */
  async #insist<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await ask();
        this.#attempts = 0;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!isFailure(error, 'server-unreachable')) throw error;
        this.#attempts += 1;
        // In a restore every second counts.
        const ms = Math.min(retryMs(this.#attempts, this.#parts.random), 5_000);
        await this.#parts.clock.sleep(ms, signal);
      }
    }
  }
}

function progressOf({ phase, done, total }: Readonly<Record<string, unknown>>): {
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
} {
  return {
    phase: String(phase),
    done: Number(done) || 0,
    ...(typeof total === 'number' && { total }),
  };
}
