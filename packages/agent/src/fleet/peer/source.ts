import { Failure, isFailure, type Clock } from '@holdfast/base';
import type { ArtefactSource } from '@holdfast/engine';
import type { PeerArtefact } from '@holdfast/model/fleet';
import { Client } from 'undici';
import { retryMs } from '../back-off.ts';
import type { Identity } from '../identity/identity.ts';
import { nodeNamed } from './subject.ts';

/** What getting bytes from a peer takes. */
export interface PeerParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly identity: () => Identity;
}

/**
 * Milliseconds in which a connection stands, and without a byte after which it counts as broken: what is sealed has to be
 * read from its beginning again before the next byte comes.
 */
const connectMs = 10_000;
const stallMs = 120_000;

/**
 * The bytes of a snapshot that another node of the cluster serves. A connection that breaks is made again, from the byte on
 * at which it broke, for as long as the signal lets it. What arrives is checked by whoever stores it.
 */
export function peerSource(peer: PeerArtefact, parts: PeerParts): ArtefactSource {
  return {
    sha256: peer.sha256,
    size: peer.size,
    peer: async () => peer,
    async *open(signal, from = 0) {
      let at = from;
      for (let attempt = 1; at < peer.size; attempt++) {
        const before = at;
        try {
          for await (const block of received(peer, parts.identity(), at, signal)) {
            at += block.length;
            yield block;
          }
          if (at === peer.size) return;
        } catch (error) {
          signal.throwIfAborted();
          if (isFailure(error)) throw error;
        }
        if (at > before) attempt = 1;
        await parts.clock.sleep(Math.min(retryMs(attempt, parts.random), 5_000), signal);
      }
    },
  };
}

/**
 * Bytes from one on, for as long as the connection holds.
 *
 * @throws Failure peer-failed: who answers is not that node, or will not serve this one. An Error: the connection broke
 */
async function* received(
  { sha256, size, from: { node, url } }: PeerArtefact,
  own: Identity,
  at: number,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const refused = (why: string, cause?: unknown): Failure =>
    new Failure('peer-failed', why, { node }, { cause });
  let stranger: string | undefined;
  const client = new Client(new URL(url).origin, {
    headersTimeout: stallMs,
    bodyTimeout: stallMs,
    connect: {
      timeout: connectMs,
      ...{ keepAlive: true, keepAliveInitialDelay: connectMs },
      ...{ ca: own.ca, cert: own.certificate, key: own.key, rejectUnauthorized: true },
      // The address may be any: what counts is which node it is.
      checkServerIdentity: (_host, certificate) => {
        const named = nodeNamed(certificate);
        if (named?.node === node && named.cluster === own.cluster) return undefined;
        stranger = `${named?.node ?? 'who is no node'} of ${named?.cluster ?? 'no cluster'} answers there`;
        return new Error(stranger);
      },
    },
  });
  try {
    const { pathname, search } = new URL(url);
    const { statusCode, headers, body } = await client.request({
      ...{ method: 'GET', path: `${pathname}${search}`, signal },
      headers: { range: `bytes=${at}-` },
    });
    if (statusCode !== 206) {
      await body.dump();
      // Not offered yet, or again: its agent may have been started anew.
      if (statusCode === 404 || statusCode >= 500) throw new Error(`it answers ${statusCode}`);
      throw refused(`it answers ${statusCode}`);
    }
    const range = `bytes ${at}-${size - 1}/${size}`;
    if (headers['content-range'] !== range)
      throw refused(`it serves ${String(headers['content-range'])} of ${sha256}, not ${range}`);
    let left = size - at;
    for await (const block of body as AsyncIterable<Uint8Array>) {
      left -= block.length;
      if (left < 0) throw refused(`it serves more than the ${size} bytes of ${sha256}`);
      yield block;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (stranger !== undefined) throw refused(stranger, error);
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (/^(?:UNABLE_TO_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|INVALID_)/.test(code))
      throw refused(`its certificate cannot be trusted: ${message}`, error);
    throw error;
  } finally {
    await client.destroy();
  }
}
