import { isFailure } from '@holdfast/base';
import { connectServer, type ServerClient } from '@holdfast/client';
import type { Schedule } from '@holdfast/model';
import type { AgentPlan } from './messages.ts';

/** People's requests are limited by their token: as many as make the work go on. */
const tokens = 8;
const atOnce = 16;
/** Each has the three agents of its cluster ask anew at once. */
const putsAtOnce = 4;
const attempts = 4;
const agentsEach = 3;

/** A person with more than one token, who does the same to many clusters. */
export class Clusters implements AsyncDisposable {
  readonly #clients: ServerClient[];
  /** Their ids. */
  readonly ids: string[] = [];

  private constructor(clients: ServerClient[]) {
    this.#clients = clients;
  }

  /** Logs in, and makes the repository that all of them save to. */
  static async logIn(url: string, ca: string, password: string): Promise<Clusters> {
    await using nobody = await connectServer({ url, ca });
    const { token } = await nobody.call('logIn', { body: { name: 'admin', password } });
    const first = await connectServer({ url, ca, token });
    const clients = [first];
    while (clients.length < tokens) {
      const made = await first.call('createToken', { body: { expiresAt: null } });
      clients.push(await connectServer({ url, ca, token: made.token }));
    }
    await first.call('createRepository', {
      body: { spec: { name: 'main', path: '/var/lib/holdfast/snapshots', readByServer: false }, secrets: {} },
    });
    return new Clusters(clients);
  }

  get client(): ServerClient {
    return this.#clients[0]!;
  }

  /** @returns the agents that are to join: each with an address of its own */
  async make(count: number): Promise<AgentPlan[]> {
    const plans: AgentPlan[] = [];
    await this.#each(count, async (client, at) => {
      const name = `c${String(at).padStart(5, '0')}`;
      const { id } = await client.call('createCluster', { body: { name, repositories: ['main'] } });
      this.ids[at] = id;
      const params = { cluster: id };
      const { token } = await client.call('createJoinToken', { params, body: { uses: agentsEach } });
      for (let of = 1; of <= agentsEach; of += 1) {
        const number = at * agentsEach + of;
        const address = `127.${100 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
        plans.push({ cluster: id, token, name: `${name}-${of}`, address });
      }
    });
    return plans;
  }

  /** Gives each of them one more policy. */
  async schedule(policy: (at: number) => NamedSchedule): Promise<void> {
    await this.#each(
      this.ids.length,
      async (client, at) => put(client, this.ids[at]!, policy(at)),
      putsAtOnce,
    );
  }

  async #each(
    count: number,
    work: (client: ServerClient, at: number) => Promise<void>,
    most = atOnce,
  ): Promise<void> {
    let next = 0;
    const workers = Array.from({ length: most }, async (_, worker) => {
      for (let at = next++; at < count; at = next++) await work(this.#clients[worker % tokens]!, at);
    });
    await Promise.all(workers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
  }
}

/** A policy that saves at these times. */
export interface NamedSchedule {
  readonly name: string;
  readonly schedule: Schedule;
  readonly jitterSeconds: number;
}

async function put(client: ServerClient, cluster: string, policy: NamedSchedule): Promise<void> {
  const { name } = policy;
  const rest = { targets: [{ repository: 'main' }], retention: { last: 10 } };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.call('putPolicy', { params: { cluster, policy: name }, body: { ...policy, ...rest } });
      return;
    } catch (error) {
      // Beside thousands of agents a new connection may take too long; put twice it is the same.
      if (!isFailure(error, 'server-unreachable') || attempt === attempts) throw error;
    }
  }
}
