import type { ArtefactSource, NodeContext, StepOrder } from '@holdfast/engine';
import type { NodeCall, PeerArtefact } from '@holdfast/model/fleet';
import { Failure } from '@holdfast/base';
import { peerSource } from '../peer/source.ts';
import type { Act, OrderPorts, Result } from './act.ts';

type Step = Extract<NodeCall, { call: 'perform' }>['order'];

/** An act on one member or part of the control plane, under way. */
interface Acting {
  readonly end: AbortController;
  readonly ended: Promise<unknown>;
}

/** What whoever leads a restore from another node has this one do. */
export class NodeCalls {
  readonly #ports: OrderPorts;
  /** By restore and name: a leader that has come back asks anew, and two must not act side by side. */
  readonly #acting = new Map<string, Acting>();

  constructor(ports: OrderPorts) {
    this.#ports = ports;
  }

  /** @throws Failure what the node's side of the restore throws; order-cancelled when a newer call took its place */
  async carryOut(call: NodeCall, act: Act): Promise<Result> {
    const { local } = this.#ports;
    switch (call.call) {
      case 'observe':
        return { ...(await local.observe(call.member, this.#context(act, act.signal))) };
      case 'observe-component':
        return { ...(await local.observeComponent(call.component, this.#context(act, act.signal))) };
      case 'compare':
        return {
          changes: await local.compare(
            { ...this.#withSource(call.order), among: [] },
            this.#context(act, act.signal),
          ),
        };
      case 'perform':
      case 'undo':
        return await this.#alone(keyOf(call.order.plan, call.order.member), act, async (context) => {
          const done = { ...(await local[call.call](this.#stepOrder(call.order), context)) };
          // Nobody needs the bytes any more once this restore has let go of the member.
          if (call.order.kind === 'unlock' || (call.call === 'undo' && call.order.kind === 'salvage'))
            await this.#ports.door.withdraw(call.order.plan.id);
          return done;
        });
      case 'perform-component':
      case 'undo-component':
        return await this.#alone(keyOf(call.order.plan, call.order.component), act, async (context) => ({
          ...(await (call.call === 'perform-component'
            ? local.performComponent(this.#withSource(call.order), context)
            : local.undoComponent(this.#withSource(call.order), context))),
        }));
      case 'release':
        return await this.#alone(keyOf(call.plan, call.member), act, async (context) => {
          await this.#ports.door.withdraw(call.plan.id);
          return { paths: await local.release(call.plan, call.member, context) };
        });
      case 'offer':
        break;
    }
    const source = local.salvaged(this.#stepOrder(call.order));
    return await this.#ports.door.offer(call.order.plan, source);
  }

  #stepOrder({ join, keepNew, ...rest }: Step): StepOrder {
    return {
      ...this.#withSource(rest),
      ...(join !== undefined && { join }),
      ...(keepNew !== undefined && { keepNew }),
    };
  }

  /** The bytes that it names, from the peer that has them. */
  #withSource<Of extends { readonly artefact?: PeerArtefact | undefined }>({
    artefact,
    ...rest
  }: Of): Omit<Of, 'artefact'> & { readonly artefact?: ArtefactSource } {
    const { clock, random, identity } = this.#ports;
    return {
      ...rest,
      ...(artefact !== undefined && { artefact: peerSource(artefact, { clock, random, identity }) }),
    };
  }

  /** Has the act that came before on the same member end first: a leader asks anew once it has given up on that. */
  async #alone(key: string, act: Act, work: (context: NodeContext) => Promise<Result>): Promise<Result> {
    const before = this.#acting.get(key);
    const end = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const acting = { end, ended };
    this.#acting.set(key, acting);
    try {
      before?.end.abort(new Failure('order-cancelled', 'whoever leads the restore has asked anew'));
      await before?.ended;
      const signal = AbortSignal.any([act.signal, end.signal]);
      signal.throwIfAborted();
      return await work(this.#context(act, signal));
    } finally {
      resolve();
      if (this.#acting.get(key) === acting) this.#acting.delete(key);
    }
  }

  #context(act: Act, signal: AbortSignal): NodeContext {
    return { clock: this.#ports.clock, signal, onProgress: (progress) => act.progress({ ...progress }) };
  }
}

function keyOf(plan: { readonly id: string }, { name }: { readonly name: string }): string {
  return `${plan.id}/${name}`;
}
