import { randomBytes } from 'node:crypto';
import type { Clock } from '@holdfast/base';
import { Client, type ClientConfig } from 'pg';
import type { Bell, BellTopic } from '../bell.ts';
import { Listeners } from '../listeners.ts';

const channel = 'holdfast';

/** Milliseconds until a lost connection is made again; the time doubles up to the longest. */
const reconnectFirstMs = 250;
const reconnectLongestMs = 15_000;

/** Rings that one statement carries to the other replicas. */
const atOnce = 500;

/** A bell that other replicas hear: NOTIFY over `send`, LISTEN on a connection of its own. */
export class PostgresBell implements Bell, AsyncDisposable {
  readonly #listeners = new Listeners();
  readonly #own = randomBytes(6).toString('hex');
  readonly #config: ClientConfig;
  readonly #clock: Clock;
  readonly #send: (payloads: readonly string[]) => Promise<void>;
  readonly #closed = new AbortController();
  #waiting = new Set<string>();
  #sending: Promise<void> | undefined;
  #listening: Promise<void> | undefined;

  /** @param send notifies the channel that `notifyAll` names */
  constructor(
    config: ClientConfig,
    clock: Clock,
    send: (channel: string, payloads: readonly string[]) => Promise<void>,
  ) {
    this.#config = config;
    this.#clock = clock;
    this.#send = async (payloads) => send(channel, payloads);
  }

  /** Connects, and from then on again whenever the connection is lost. @throws what pg throws, the first time */
  async start(): Promise<void> {
    const first = await this.#connect();
    this.#listening = this.#keepListening(first);
  }

  ring(topic: BellTopic, id: string): void {
    this.#listeners.tell(topic, id);
    if (this.#closed.signal.aborted) return;
    this.#waiting.add(`${this.#own} ${topic} ${id}`);
    this.#sending ??= this.#sendAll();
  }

  on(topic: BellTopic, heard: (id: string) => void): () => void {
    return this.#listeners.on(topic, heard);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sending;
    this.#closed.abort(new Error('the store was closed'));
    await this.#listening;
  }

  /** What is rung while a statement is on its way goes with the next. */
  async #sendAll(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const payloads = [...this.#waiting].slice(0, atOnce);
      for (const each of payloads) this.#waiting.delete(each);
      try {
        await this.#send(payloads);
      } catch {
        // The others look by themselves, sooner or later; what counts is stored.
      }
    }
    this.#sending = undefined;
  }

  async #connect(): Promise<{ client: Client; lost: Promise<void> }> {
    const client = new Client(this.#config);
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => {
        resolve();
      });
      client.on('end', () => {
        resolve();
      });
    });
    client.on('notification', ({ payload = '' }) => {
      const [from, topic, id] = payload.split(' ');
      if (from !== this.#own && topic !== undefined && id !== undefined)
        this.#listeners.tell(topic as BellTopic, id);
    });
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    return { client, lost };
  }

  async #keepListening(first: { client: Client; lost: Promise<void> }): Promise<void> {
    const { signal } = this.#closed;
    const closed = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    let connection: typeof first | undefined = first;
    let waitMs = reconnectFirstMs;
    while (!signal.aborted) {
      if (connection !== undefined) {
        await Promise.race([connection.lost, closed]);
        await connection.client.end().catch(() => {});
        waitMs = reconnectFirstMs;
      }
      await this.#clock.sleep(waitMs, signal).catch(() => {});
      waitMs = Math.min(waitMs * 2, reconnectLongestMs);
      if (!signal.aborted) connection = await this.#connect().catch(() => undefined);
    }
    await connection?.client.end().catch(() => {});
  }
}
