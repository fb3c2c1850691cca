import { timingSafeEqual } from 'node:crypto';
import { Failure } from '@holdfast/base';
import type { ServerContext } from '../context.ts';
import { repeat } from '../repeat.ts';
import type { Caller } from './caller.ts';
import type { Limiter } from './limiter.ts';
import { narrow } from './narrow.ts';
import { readAuthorization } from './token.ts';

/** Tells who asks. */
export interface Authenticator {
  /**
   * Looks a token up in the store, each time: a token that was ended, or a user who was disabled or lost a grant, is
   * noticed at once on every replica.
   *
   * @param authorization the header: `Bearer hf_…`, or Rancher's spellings (see readAuthorization)
   * @throws Failure not-authenticated: the same for all that is wrong with a token; too-many-requests (`retryAfter` in
   *   seconds): too many with this token, or too many that were no tokens from this address
   */
  readonly authenticate: (authorization: string | undefined, address: string) => Promise<Caller>;
  /** Stores each minute, and at the end, which tokens were used; removes those that have ended. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

const minute = 60_000;

/** Knows people by their tokens. */
export function makeAuthenticator(context: ServerContext, limiter: Limiter): Authenticator {
  const { store, clock } = context;
  /** Ids of tokens that were used since this was last stored. */
  let used = new Set<string>();

  const refuse = (address: string, why: string): never => {
    limiter.refused(address);
    throw new Failure('not-authenticated', why);
  };
  const flush = async (): Promise<void> => {
    const now = clock.now().toISOString();
    const ids = used;
    used = new Set();
    try {
      if (ids.size > 0) await store.tokens.used([...ids], now);
    } catch (error) {
      used = used.union(ids);
      throw error;
    }
    await store.tokens.removeExpired(now);
    await store.joinTokens.removeExpired(now);
  };
  return {
    async authenticate(authorization, address) {
      if (authorization === undefined) throw new Failure('not-authenticated', 'the request has no token');
      const sent = readAuthorization(authorization);
      if (sent === undefined) return refuse(address, 'what it sends is not a token');
      const token = await store.tokens.get(sent.id);
      const isSame = sameHash(sent.hash, token?.hash);
      const user = token === undefined ? undefined : await store.users.get(token.user);
      const isOver = token?.expiresAt != null && Date.parse(token.expiresAt) <= clock.now().getTime();
      if (token === undefined || user === undefined || !isSame || isOver || user.disabled)
        return refuse(address, 'this token is not valid, or not any more');
      limiter.request(token.id);
      used.add(token.id);
      return {
        user: user.id,
        name: user.name,
        token: token.id,
        grants: narrow(user.grants, token.grants),
        address,
      };
    },
    run: async (signal) => {
      const failed = 'the last use of tokens could not be stored';
      await repeat(context, { everyMs: minute, failed, atEnd: true, work: flush }, signal);
    },
  };
}

/** Compares SHA-256 hashes in the same time, whatever they are; also where there is none to compare with. */
export function sameHash(sent: string, stored: string | undefined): boolean {
  const isSame = timingSafeEqual(Buffer.from(sent, 'hex'), Buffer.from(stored ?? noHash, 'hex'));
  return isSame && stored !== undefined;
}

const noHash = '0'.repeat(64);
