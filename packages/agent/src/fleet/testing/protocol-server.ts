import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { JoinRequest, RenewRequest, SyncRequest, type Order, type SyncReply } from '@holdfast/model/fleet';
import type { z } from 'zod';
import { nodeNamed } from '../peer/subject.ts';
import type { Authority } from './authority.ts';

type Reply = z.infer<typeof SyncReply>;

/** What happens to one request: it is answered so, or its reply is lost after it was acted upon. */
export type Fault = number | 'lost';

/** A server that plays the agents' protocol by its schemas, keeps nothing on disk, and fails as it is told to. */
export class ProtocolServer implements AsyncDisposable {
  readonly authority: Authority;
  readonly #server: Server;
  readonly url: string;
  /** The next sync requests go so. */
  readonly faults: Fault[] = [];
  readonly syncs: SyncRequest[] = [];
  readonly joins: string[] = [];
  readonly renewals: string[] = [];
  /** Of each order, all outcomes that were told, and the events by number. */
  readonly outcomes = new Map<string, SyncRequest['outcomes'][number]['outcome'][]>();
  readonly events = new Map<string, SyncRequest['events']>();
  readonly ownRuns: SyncRequest['ownRuns'] = [];
  orders: Order[] = [];
  cancel: string[] = [];
  assignment: Reply['assignment'];
  token = 'a-token';
  renew = false;
  lifeMs = 3_600_000;
  #ring = Promise.withResolvers<void>();

  private constructor(authority: Authority, server: Server) {
    this.authority = authority;
    this.#server = server;
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(authority: Authority): Promise<ProtocolServer> {
    const { key, certificate } = await authority.server();
    const tls = { key, cert: certificate, ca: authority.pem, requestCert: true, rejectUnauthorized: false };
    const server = createServer(tls);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const played = new ProtocolServer(authority, server);
    server.on('request', (request, response) => {
      played.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    return played;
  }

  /** Something is to be done. */
  ring(): void {
    this.#ring.resolve();
    this.#ring = Promise.withResolvers<void>();
  }

  give(...orders: Order[]): void {
    this.orders.push(...orders);
    this.ring();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ring();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'https://server');
    if (pathname === '/v1/ca') {
      response.end(this.authority.pem);
      return;
    }
    const body = JSON.parse(await textOf(request)) as unknown;
    const json = (status: number, value: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (pathname === '/agent/v1/join') {
      const { token, csr } = JoinRequest.parse(body);
      this.joins.push(csr);
      if (token !== this.token) return json(403, { title: 'join-refused', detail: 'the token is over' });
      const certificate = await this.authority.sign(csr, 'n-first', 'c-prod1', this.lifeMs);
      const who = { node: 'n-first', cluster: 'c-prod1', clusterName: 'prod' };
      return json(200, { ...who, certificate, ca: this.authority.pem });
    }
    const peer = nodeNamed((request.socket as TLSSocket).getPeerCertificate());
    if (peer?.node !== 'n-first') return json(401, { title: 'agent-expelled' });
    if (pathname === '/agent/v1/renew') {
      const { csr } = RenewRequest.parse(body);
      this.renewals.push(csr);
      this.renew = false;
      return json(200, {
        certificate: await this.authority.sign(csr, 'n-first', 'c-prod1'),
        ca: this.authority.pem,
      });
    }
    await this.#sync(SyncRequest.parse(body), json, () => request.socket.destroy());
  }

  async #sync(
    told: SyncRequest,
    json: (status: number, value: object) => void,
    lose: () => void,
  ): Promise<void> {
    const fault = this.faults.shift();
    if (typeof fault === 'number') return json(fault, { title: 'fault', detail: 'by the script' });
    this.syncs.push(told);
    this.#store(told);
    if (fault === 'lost') return lose();
    const isNew = (): boolean =>
      this.#orders(told).length > 0 || this.#cancels(told).length > 0 || this.renew;
    const hasTold = told.outcomes.length + told.events.length + told.ownRuns.length > 0;
    if (told.waitMs > 0 && !isNew() && !hasTold && told.assignment === (this.assignment?.version ?? ''))
      await this.#ring.promise;
    const reply: Reply = {
      now: new Date().toISOString(),
      orders: this.#orders(told),
      cancel: this.#cancels(told),
      ...(this.assignment !== undefined &&
        told.assignment !== this.assignment.version && { assignment: this.assignment }),
      wantsInventory: false,
      renew: this.renew,
      storedOutcomes: told.outcomes.map(({ order }) => order),
      storedEvents: [...new Set(told.events.map(({ order }) => order))].map((order) => ({
        order,
        upTo: this.events.get(order)!.length - 1,
      })),
      storedRuns: told.ownRuns.map(({ id }) => id),
    };
    json(200, reply);
  }

  #orders(told: SyncRequest): Order[] {
    return this.orders.filter(({ id }) => !told.running.includes(id) && !this.outcomes.has(id));
  }

  #cancels(told: SyncRequest): string[] {
    return this.cancel.filter((id) => told.running.includes(id) && !this.outcomes.has(id));
  }

  #store({ outcomes, events, ownRuns }: SyncRequest): void {
    for (const event of events) {
      const known = this.events.get(event.order) ?? [];
      if (event.n === known.length) this.events.set(event.order, [...known, event]);
    }
    for (const { order, outcome } of outcomes)
      this.outcomes.set(order, [...(this.outcomes.get(order) ?? []), outcome]);
    for (const run of ownRuns) if (!this.ownRuns.some(({ id }) => id === run.id)) this.ownRuns.push(run);
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const blocks: Buffer[] = [];
  for await (const block of request) blocks.push(block as Buffer);
  return Buffer.concat(blocks).toString();
}
