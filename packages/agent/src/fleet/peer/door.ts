import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { Failure } from '@holdfast/base';
import type { ArtefactSource } from '@holdfast/engine';
import type { RestorePlan } from '@holdfast/model';
import type { PeerArtefact } from '@holdfast/model/fleet';
import { ownUrls } from '../../host/listeners.ts';
import type { Identity } from '../identity/identity.ts';
import { nodeNamed } from './subject.ts';

export interface DoorOptions {
  readonly identity: () => Identity;
  /** `0.0.0.0` and port 0: any. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly log: (text: string) => void;
}

/** A restore as far as its bytes are concerned. */
export interface ForRestore {
  readonly id: string;
  readonly members: readonly Pick<RestorePlan['members'][number], 'peerUrls'>[];
}

interface Offer {
  readonly source: ArtefactSource;
  /** The restores that need it. */
  readonly restores: Set<string>;
}

/**
 * Where other nodes of the cluster get the bytes of a snapshot while a restore needs them: HTTPS that is open for no longer
 * than that, and for nobody but nodes of the same cluster.
 */
export class PeerDoor {
  readonly #options: DoorOptions;
  /** By SHA-256. */
  readonly #offers = new Map<string, Offer>();
  #server: Promise<Server> | undefined;
  /** The certificate that it shows. */
  #shown = '';

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Whether anything is listened for. */
  get isOpen(): boolean {
    return this.#server !== undefined;
  }

  /** Serves bytes until the restore lets go of them. @throws Failure listener-failed */
  async offer(plan: ForRestore, source: ArtefactSource): Promise<PeerArtefact> {
    const { sha256, size } = source;
    const known = this.#offers.get(sha256);
    const restores = known?.restores ?? new Set<string>();
    restores.add(plan.id);
    this.#offers.set(sha256, { source, restores });
    const { port } = (await this.#opened()).address() as AddressInfo;
    const { node } = this.#options.identity();
    const host = await this.#hostFor(plan);
    const at = host.includes(':') ? `[${host}]` : host;
    return { sha256, size, from: { node, url: `https://${at}:${port}/peer/v1/artefacts/${sha256}` } };
  }

  /** A restore needs nothing of this machine any more. */
  async withdraw(restore: string): Promise<void> {
    for (const [sha256, { restores }] of this.#offers) {
      restores.delete(restore);
      if (restores.size === 0) this.#offers.delete(sha256);
    }
    if (this.#offers.size === 0) await this.close();
  }

  /** Serves nothing any more; what is under way breaks off. */
  async close(): Promise<void> {
    this.#offers.clear();
    const opening = this.#server;
    this.#server = undefined;
    const server = await opening?.catch(() => undefined);
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  async #opened(): Promise<Server> {
    const opening = (this.#server ??= this.#listen());
    try {
      const server = await opening;
      const { key, certificate, ca } = this.#options.identity();
      if (this.#shown !== certificate) server.setSecureContext({ key, cert: certificate, ca });
      this.#shown = certificate;
      return server;
    } catch (error) {
      if (this.#server === opening) this.#server = undefined;
      throw error;
    }
  }

  async #listen(): Promise<Server> {
    const { identity, listen } = this.#options;
    const { key, certificate, ca } = identity();
    const tls = { key, cert: certificate, ca, requestCert: true, rejectUnauthorized: true } as const;
    const server = createServer({ ...tls, minVersion: 'TLSv1.3' }, (request, response) => {
      void this.#serve(request, response).catch(() => response.destroy());
    });
    this.#shown = certificate;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', (cause) => {
      const at = `${listen.host}:${listen.port}`;
      reject(new Failure('listener-failed', cause.message, { address: at }, { cause }));
    });
    server.listen(listen.port, listen.host, resolve);
    await promise;
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const socket = request.socket as TLSSocket;
    const peer = nodeNamed(socket.getPeerCertificate());
    const refuse = (status: number): void => void response.writeHead(status).end();
    if (peer === undefined || peer.cluster !== this.#options.identity().cluster) {
      this.#options.log(
        `${peer?.node ?? 'somebody who is no node'} of another cluster was refused a snapshot`,
      );
      return refuse(403);
    }
    if (request.method !== 'GET') return refuse(405);
    const offer = this.#offers.get(
      /^\/peer\/v1\/artefacts\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1] ?? '',
    );
    if (offer === undefined) return refuse(404);
    const { size } = offer.source;
    const from = Number(/^bytes=(\d{1,15})-$/.exec(request.headers.range ?? '')?.[1] ?? NaN);
    if (!(from < size)) return refuse(416);
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the peer is gone')));
    response.writeHead(206, {
      'content-type': 'application/octet-stream',
      'content-length': size - from,
      'content-range': `bytes ${from}-${size - 1}/${size}`,
    });
    response.flushHeaders();
    await pipeline(offer.source.open(gone.signal, from), response);
  }

  /** An address of this machine that the other members know already; else any that is no loopback address. */
  async #hostFor({ members }: ForRestore): Promise<string> {
    const { host } = this.#options.listen;
    if (host !== '0.0.0.0' && host !== '::') return host;
    const [known] = await ownUrls(members.flatMap(({ peerUrls }) => peerUrls));
    if (known !== undefined) return new URL(known).hostname.replace(/^\[|\]$/g, '');
    return ownAddresses()[0] ?? '127.0.0.1';
  }
}

/** The addresses of this machine by which others may reach it, those of IPv4 first. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outer = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return outer.toSorted((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address);
}
