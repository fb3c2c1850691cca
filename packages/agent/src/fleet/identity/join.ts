import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import { Failure, isFailure, type Clock } from '@holdfast/base';
import { JoinReply, RenewReply } from '@holdfast/model/fleet';
import { Agent, request } from 'undici';
import { ServerConnection } from '../connection.ts';
import { makeFleetFolder, type FleetFolder } from '../folder.ts';
import { retryMs } from '../back-off.ts';
import { keepIdentity, readIdentity, type Identity } from './identity.ts';
import { certificateRequest, ownKey } from './key-pair.ts';

/** What a person says of the fleet that this agent is of. */
export interface JoinOptions {
  /** `https://host:port`. */
  readonly server: string;
  /** The join token; needed once. Undefined: none is given. @throws Failure what reading it throws */
  readonly token: () => Promise<string | undefined>;
  /** PEM that the server's certificate is held against, or the SHA-256 of the fleet's CA, hexadecimal; null: what this machine trusts. */
  readonly trust: { readonly pem: string } | { readonly sha256: string } | null;
  /** What the node is called. */
  readonly name: string;
}

export interface JoinContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Told why the server is not there yet. */
  readonly onRetry: (failure: Failure) => void;
}

/**
 * Who this agent is in the fleet: as it was told before, or else by joining now. A server that does not answer is asked
 * again for as long as it takes. A token that is another one than that of before is used, where the server takes it: whoever
 * gives it wants the agent to join anew.
 *
 * @throws Failure server-untrusted, join-refused, agent-unjoined; file-unreadable, file-unwritable, disk-full; the
 *   signal's reason
 */
export async function joined(
  folder: FleetFolder,
  options: JoinOptions,
  context: JoinContext,
): Promise<Identity> {
  await makeFleetFolder(folder);
  const known = await readIdentity(folder);
  const token = await tokenOf(options, known !== undefined);
  // The address may be another one now; who is there shows by its certificate.
  const same = known && { ...known, server: options.server };
  if (same !== undefined && (token === undefined || sha256(token) === same.tokenSha256)) return same;
  if (token === undefined) throw new Failure('agent-unjoined', 'no join token is given');
  const key = await ownKey(folder.key);
  const csr = await certificateRequest(key, options.name);
  for (let attempt = 1; ; attempt++) {
    try {
      const identity = await join(options, { token, key, csr }, context.signal);
      await keepIdentity(folder, identity);
      return identity;
    } catch (error) {
      if (!isFailure(error) || context.signal.aborted) throw error;
      if (same === undefined && error.code !== 'server-unreachable') throw error;
      context.onRetry(error);
      // Who has joined before has a schedule to keep, whatever becomes of the new token.
      if (same !== undefined) return same;
      await context.clock.sleep(retryMs(attempt, context.random), context.signal);
    }
  }
}

/** Once joined, a token that cannot be read is no matter: it may be gone since. */
async function tokenOf({ token }: JoinOptions, isJoined: boolean): Promise<string | undefined> {
  try {
    return await token();
  } catch (error) {
    if (!isFailure(error) || !isJoined) throw error;
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A new certificate for the same key. @throws as ServerConnection.ask; what keeping it throws */
export async function renewed(
  folder: FleetFolder,
  identity: Identity,
  connection: ServerConnection,
  signal: AbortSignal,
): Promise<Identity> {
  const csr = await certificateRequest(identity.key, identity.node);
  const { certificate, ca } = await connection.ask({
    ...{ method: 'POST', path: '/agent/v1/renew', body: { csr } },
    ...{ reply: RenewReply, signal },
  });
  const next: Identity = { ...identity, certificate, ca };
  await keepIdentity(folder, next);
  return next;
}

/** What the server's certificate is held against, once joined: what it was then, and the fleet's own CA. */
export function connectionOf({ server, ca, serverCa, certificate, key }: Identity): ServerConnection {
  return new ServerConnection({
    ...{ server, own: { certificate, key } },
    ca: serverCa === null ? null : [serverCa, ca],
  });
}

async function join(
  { server, trust, name }: JoinOptions,
  { token, key, csr }: { readonly token: string; readonly key: string; readonly csr: string },
  signal: AbortSignal,
): Promise<Identity> {
  const serverCa =
    trust === null ? null : 'pem' in trust ? trust.pem : await pinnedCa(server, trust.sha256, signal);
  const connection = new ServerConnection({ server, ca: serverCa === null ? null : [serverCa] });
  try {
    const reply = await connection.ask({
      ...{ method: 'POST', path: '/agent/v1/join', body: { token, csr, name } },
      ...{ reply: JoinReply, signal },
    });
    return { server, key, serverCa, tokenSha256: sha256(token), ...reply };
  } catch (error) {
    if (isFailure(error, 'agent-expelled') || isFailure(error, 'order-invalid'))
      throw new Failure('join-refused', error.why, { server }, { cause: error });
    throw error;
  } finally {
    await connection.close();
  }
}

/**
 * The CA that the server itself names, where it is the one that the join command names: nothing was sent to whoever else
 * may have answered.
 *
 * @throws Failure server-untrusted, server-unreachable
 */
async function pinnedCa(server: string, pin: string, signal: AbortSignal): Promise<string> {
  // Not trusted yet: what counts is the hash of what comes.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const untrusted = (why: string): Failure => new Failure('server-untrusted', why, { server });
  try {
    const { statusCode, body } = await request(`${server}/v1/ca`, { signal, dispatcher });
    const text = await body.text();
    if (statusCode >= 500) throw new Failure('server-unreachable', `it answers ${statusCode}`, { server });
    const found = certificateIn(text);
    if (found === undefined) throw untrusted(`it names no CA: /v1/ca answers ${statusCode}`);
    const [wanted, real] = [Buffer.from(pin, 'hex'), createHash('sha256').update(found.raw).digest()];
    if (wanted.length !== real.length || !timingSafeEqual(wanted, real))
      throw untrusted(`its CA has the SHA-256 ${real.toString('hex')}, not ${pin}`);
    return found.toString();
  } catch (cause) {
    signal.throwIfAborted();
    if (isFailure(cause)) throw cause;
    throw new Failure('server-unreachable', (cause as Error).message, { server }, { cause });
  } finally {
    await dispatcher.destroy();
  }
}

function certificateIn(text: string): X509Certificate | undefined {
  // As PEM, or as PEM within JSON.
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text.replaceAll('\\n', '\n'));
  try {
    return pem === null ? undefined : new X509Certificate(pem[0]);
  } catch {
    return undefined;
  }
}
