import { createHash, generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { JoinReply, type Order, SaveResult, SyncReply, type SyncRequest } from '@holdfast/model/fleet';
import { retryMs } from '../../../packages/agent/src/fleet/back-off.ts';
import { certificateRequest } from '../../../packages/agent/src/fleet/identity/key-pair.ts';
import { AgentConnections, Refused } from './agent-ask.ts';
import type { AgentPlan, SaveBegun } from './messages.ts';
import { simulatedInventory } from './simulated-inventory.ts';

/** As the real agent asks. */
const pollMs = 50_000;
const renewedEveryMs = 60_000;
/** Of the looks at the machine, those that find another leading figure: one in so many. */
const changedOnceIn = 15;
/** How long a save takes: from so many milliseconds to so many. */
const saveMs = [500, 3_000] as const;

type Outcome = SyncRequest['outcomes'][number];

/** What is counted over all agents of a process. */
export interface Counts {
  syncs: number;
  failures: number;
  others: number;
  heard: number;
  readonly saves: SaveBegun[];
}

/**
 * An agent as the server sees it: it joins with a key of its own, has one question with the server all the time, tells what
 * it did by a second one, and does an order once however often it is handed out. Its etcd answers every save.
 */
export class SimulatedAgent {
  readonly #plan: AgentPlan;
  readonly #servers: readonly string[];
  readonly #counts: Counts;
  readonly #ca: string;
  #connections: AgentConnections;
  #server: number;
  #running = new Map<string, Order>();
  #outcomes = new Map<string, Outcome>();
  #known = new Set<string>();
  #assignment = '';
  #figure = 1;
  #wantsInventory = true;
  #isTelling = false;
  #isHeard = false;
  /** When the server answered last, milliseconds since 1970. */
  answeredAt = 0;

  constructor(plan: AgentPlan, servers: readonly string[], ca: string, counts: Counts) {
    this.#plan = plan;
    this.#servers = servers;
    this.#ca = ca;
    this.#counts = counts;
    this.#connections = new AgentConnections({ ca, address: plan.address });
    this.#server = Math.floor(Math.random() * servers.length);
  }

  /** @throws what the server refuses */
  async join(): Promise<void> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { token, name, address } = this.#plan;
    const body = { token, csr: await certificateRequest(key, name), name };
    const reply = JoinReply.parse(await this.#connections.ask(this.#url, '/agent/v1/join', body));
    this.#connections.close();
    const own = { certificate: reply.certificate, key };
    this.#connections = new AgentConnections({ ca: this.#ca, address, own });
  }

  async run(signal: AbortSignal): Promise<void> {
    const looking = setInterval(() => this.#look(), renewedEveryMs);
    signal.addEventListener('abort', () => {
      clearInterval(looking);
      this.#connections.close();
    });
    for (let failures = 0, isFirst = true; !signal.aborted;) {
      try {
        const reply = await this.#sync([], isFirst ? 0 : pollMs);
        this.#heard(reply);
        failures = 0;
        isFirst = false;
        if (this.#outcomes.size > 0 || reply.wantsInventory) void this.#tell();
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        isFirst = true;
        this.#counts.failures += 1;
        // Behind a balancer the next request comes to a replica that lives.
        if (!(error instanceof Refused)) this.#server += 1;
        await sleep(retryMs(failures, Math.random), undefined, { signal }).catch(() => {});
      }
    }
  }

  get #url(): string {
    return this.#servers[this.#server % this.#servers.length]!;
  }

  #look(): void {
    if (Math.random() * changedOnceIn >= 1) return;
    this.#figure += 1;
    this.#wantsInventory = true;
    void this.#tell();
  }

  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      this.#heard(await this.#sync([...this.#outcomes.values()].slice(0, 100), 0));
    } catch {
      // It is told after the next poll that is answered.
      this.#counts.failures += 1;
    } finally {
      this.#isTelling = false;
    }
  }

  async #sync(outcomes: readonly Outcome[], waitMs: number): Promise<SyncReply> {
    const inventoryHash = createHash('sha256').update(`${this.#plan.name}/${this.#figure}`).digest('hex');
    const isTold = waitMs === 0 && this.#wantsInventory;
    const request: SyncRequest = {
      ...{ agentVersion: '0.0.0-bench', now: new Date().toISOString(), waitMs, inventoryHash },
      ...(isTold && { inventory: simulatedInventory(this.#plan, this.#figure) }),
      ...{ assignment: this.#assignment, running: [...this.#running.keys()], outcomes: [...outcomes] },
      ...{ events: [], ownRuns: [] },
    };
    const reply = SyncReply.parse(await this.#connections.ask(this.#url, '/agent/v1/sync', request));
    this.#counts.syncs += 1;
    this.answeredAt = Date.now();
    this.#wantsInventory = reply.wantsInventory || (this.#wantsInventory && !isTold);
    return reply;
  }

  #heard(reply: SyncReply): void {
    if (reply.assignment !== undefined) this.#assignment = reply.assignment.version;
    for (const id of reply.storedOutcomes) {
      this.#outcomes.delete(id);
      this.#running.delete(id);
    }
    const isQuiet = this.#assignment !== '' && !this.#wantsInventory;
    if (isQuiet && !this.#isHeard) this.#counts.heard += 1;
    this.#isHeard ||= isQuiet;
    for (const order of reply.orders) void this.#carryOut(order);
  }

  async #carryOut(order: Order): Promise<void> {
    const { id, kind, input } = order;
    if (this.#known.has(id)) return;
    this.#known.add(id);
    this.#running.set(id, order);
    const result = { outcome: 'ok' as const, failure: null, note: '', warnings: [] };
    const done = (told: Record<string, unknown>): Outcome => ({
      order: id,
      outcome: { outcome: 'done', result: told },
    });
    if (kind === 'save') {
      this.#counts.saves.push(begun(order, this.#plan.cluster));
      await sleep(saveMs[0] + Math.random() * (saveMs[1] - saveMs[0]));
      const stored = { snapshot: `${String(input['cluster'])}-${id}`, storedIn: ['main'] };
      this.#outcomes.set(id, done(SaveResult.parse({ ...result, ...stored })));
    } else {
      this.#counts.others += 1;
      this.#outcomes.set(id, done(result));
    }
    await this.#tell();
  }
}

function begun({ id, input }: Order, cluster: string): SaveBegun {
  const { policy, scheduledFor } = input as { policy: { name: string } | null; scheduledFor: string | null };
  return { cluster, policy: policy?.name ?? '', scheduledFor: scheduledFor ?? '', order: id, at: Date.now() };
}
