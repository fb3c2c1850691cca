import { Agent, request } from 'node:https';

/** Who asks, and whom. */
export interface Asker {
  readonly ca: string;
  /** Its own address on the loopback, as each machine has one: limits of the server are by address. */
  readonly address: string;
  /** Absent before it has joined. */
  readonly own?: { readonly certificate: string; readonly key: string };
}

/** The server answers, and refuses. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`the server answers ${status}: ${text.slice(0, 300)}`);
    this.status = status;
  }
}

/** Longer than any answer is held back. */
const silenceMs = 75_000;
/** What is not used for so long is closed, as the agents' own client does. */
const idleMs = 4_000;

/** The connections of one simulated agent: one for the long poll, another for a moment while it tells something. */
export class AgentConnections {
  readonly #agent: Agent;

  constructor({ ca, address, own }: Asker) {
    this.#agent = new Agent({
      ...{ ca, localAddress: address, keepAlive: true, maxFreeSockets: 2, keepAliveMsecs: idleMs },
      // What was used last is used again, so that the second one falls idle.
      scheduling: 'lifo',
      ...(own !== undefined && { cert: own.certificate, key: own.key }),
    });
    this.#agent.on('free', (socket: { setTimeout: (ms: number) => void }) => socket.setTimeout(idleMs));
  }

  /** @throws Refused; what keeps a connection from standing */
  ask(server: string, path: string, body: unknown): Promise<unknown> {
    const text = JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const options = { method: 'POST', agent: this.#agent, headers, timeout: silenceMs };
      const sent = request(`${server}${path}`, options, (reply) => {
        let answer = '';
        reply.setEncoding('utf8');
        reply.on('data', (part: string) => (answer += part));
        reply.on('error', reject);
        reply.on('end', () => {
          const status = reply.statusCode ?? 0;
          if (status === 200) resolve(JSON.parse(answer));
          else reject(new Refused(status, answer));
        });
      });
      sent.on('timeout', () => sent.destroy(new Error('the server does not answer')));
      sent.on('error', reject);
      sent.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
