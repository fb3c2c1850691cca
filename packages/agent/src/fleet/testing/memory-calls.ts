import { Failure, systemClock } from '@holdfast/base';
import { NodeCall, type CallRequest, type CallState, type OrderOutcome } from '@holdfast/model/fleet';
import type { NodeCalls } from '../orders/node-calls.ts';
import type { Calls } from '../restore/calls.ts';
import { toldFailure } from '../told-failure.ts';
import { orderOf } from './orders.ts';

interface Made {
  readonly end: AbortController;
  readonly ended: Promise<void>;
  outcome: OrderOutcome | null;
  progress: Readonly<Record<string, unknown>> | null;
}

/** Calls from node to node through memory, as JSON, with a server in between that fails as it is told to. */
export class MemoryCalls implements Calls {
  /** By their ids. */
  readonly nodes = new Map<string, Pick<NodeCalls, 'carryOut'>>();
  /** The next questions go so: the server does not answer, or its reply is lost. */
  readonly faults: ('away' | 'lost')[] = [];
  /** What was asked for, in order. */
  readonly made: string[] = [];
  readonly #byKey = new Map<string, string>();
  readonly #calls = new Map<string, Made>();

  async begin({ key, node, call }: CallRequest): Promise<string> {
    return this.#faulty(() => {
      const known = this.#byKey.get(key);
      if (known !== undefined) return known;
      const id = `o-call${this.#calls.size}`;
      this.#byKey.set(key, id);
      const asked = NodeCall.parse(JSON.parse(JSON.stringify(call)));
      this.made.push(
        'order' in asked && 'kind' in asked.order ? `${asked.call} ${asked.order.kind}` : asked.call,
      );
      const end = new AbortController();
      const made: Made = { end, ended: Promise.resolve(), outcome: null, progress: null };
      this.#calls.set(id, Object.assign(made, { ended: this.#run(made, node, asked) }));
      return id;
    });
  }

  async state(call: string, waitMs: number): Promise<CallState> {
    const made = this.#calls.get(call)!;
    await Promise.race([made.ended, systemClock.sleep(Math.min(waitMs, 50))]);
    return this.#faulty(() => ({ outcome: made.outcome, progress: made.progress }));
  }

  async end(call: string): Promise<void> {
    this.#faulty(() => this.#calls.get(call)?.end.abort(new Failure('order-cancelled', 'given up')));
  }

  #faulty<T>(answer: () => T): T {
    const fault = this.faults.shift();
    const failure = new Failure('server-unreachable', 'by the script', { server: 'memory' });
    if (fault === 'away') throw failure;
    const answered = answer();
    if (fault === 'lost') throw failure;
    return answered;
  }

  async #run(made: Made, node: string, call: NodeCall): Promise<void> {
    const { signal } = made.end;
    try {
      const result = await this.nodes.get(node)!.carryOut(call, {
        ...{ order: orderOf('o-first', 'node', {}), signal, told: [] },
        tell: async () => {},
        progress: (data) => {
          made.progress = data;
        },
      });
      made.outcome = { outcome: 'done', result: JSON.parse(JSON.stringify(result)) as typeof result };
    } catch (error) {
      made.outcome = signal.aborted
        ? { outcome: 'cancelled' }
        : { outcome: 'failed', failure: toldFailure(error) };
    }
  }
}
