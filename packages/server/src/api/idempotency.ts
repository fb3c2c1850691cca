import { Failure } from '@holdfast/base';
import type { StoredReply } from '../store/settings.ts';
import type { ServerContext } from '../context.ts';
import { RequestRefused } from './problem.ts';

type Reply = NonNullable<StoredReply['reply']>;

/** How long a reply is kept for who asks again. */
const keptMs = 24 * 3_600_000;

/** A request that may be asked twice and is done once. */
export interface KeyedRequest {
  /** Of the caller. */
  readonly user: string;
  readonly key: string;
  /** What makes two requests the same: method, path and body. */
  readonly request: readonly string[];
}

/** The `Idempotency-Key` of a request; undefined: it has none. @throws Failure request-invalid */
export function keyAsked(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,200}$/.test(header)) return header;
  const detail = 'it has 1 to 200 letters, digits and signs, without spaces';
  throw new RequestRefused([{ pointer: '/headers/idempotency-key', detail }]);
}

/**
 * Does what a request asks for unless it was done already under the same key; then the first reply is given again. What
 * failed is forgotten, and done when it is asked again.
 *
 * @throws Failure key-reused, request-under-way; what `work` throws
 */
export async function onceByKey(
  { store, clock, sealer }: Pick<ServerContext, 'store' | 'clock' | 'sealer'>,
  { user, key, request }: KeyedRequest,
  work: () => Promise<Reply>,
): Promise<Reply> {
  // A body may hold a password.
  const hash = sealer.mark(user, JSON.stringify(request));
  const until = new Date(clock.now().getTime() + keptMs).toISOString();
  const known = await store.replies.begin(user, key, hash, until);
  if (known !== undefined) {
    if (known.request !== hash) throw new Failure('key-reused', 'the other one had another path or body');
    if (known.reply === null) throw new Failure('request-under-way', 'it has not been answered yet');
    return { ...known.reply, headers: { ...known.reply.headers, 'idempotent-replayed': 'true' } };
  }
  try {
    const reply = await work();
    await store.replies.finish(user, key, reply);
    return reply;
  } catch (error) {
    await store.replies.forget(user, key);
    throw error;
  }
}
