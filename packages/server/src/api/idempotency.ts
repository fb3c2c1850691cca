import { Failure } from '@holdfast/base';
import type { StoredReply } from '../store/settings.ts';
import type { ServerContext } from '../context.ts';
import { RequestRefused } from './problem.ts';

type Reply = NonNullable<StoredReply['reply']>;

/** How long a reply is kept for who asks again. */
const keptMs = 24 * 3_600_000;
/** How long a request that nobody has said anything of counts as being at work, and how often that is said. */
const heldMs = 60_000;
const sayMs = 20_000;

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
 * failed is forgotten, and done when it is asked again. Of a request whose server has died, or whose reply could not be
 * kept, nobody knows whether it was done: its key stays used, so that nothing is done twice.
 *
 * @throws Failure key-reused, request-under-way, request-broken-off; what `work` throws
 */
export async function onceByKey(
  context: Pick<ServerContext, 'store' | 'clock' | 'sealer' | 'log'>,
  { user, key, request }: KeyedRequest,
  work: () => Promise<Reply>,
): Promise<Reply> {
  // A body may hold a password.
  const { store, clock, sealer, log } = context;
  const after = (ms: number): string => new Date(clock.now().getTime() + ms).toISOString();
  const hash = sealer.mark(user, JSON.stringify(request));
  const known = await store.replies.begin(user, key, hash, after(heldMs));
  if (known !== undefined) {
    if (known.request !== hash) throw new Failure('key-reused', 'the other one had another path or body');
    if (known.reply === null) throw unanswered(known, clock.now());
    return { ...known.reply, headers: { ...known.reply.headers, 'idempotent-replayed': 'true' } };
  }
  const over = new AbortController();
  const held = keepHold(context, () => store.replies.hold(user, key, after(heldMs)), over.signal);
  const unstored = (what: string) => (error: unknown) => log.warn({ error: String(error) }, what);
  try {
    const reply = await work();
    await store.replies
      .finish(user, key, reply, after(keptMs))
      .catch(unstored('the reply to a request with a key could not be kept'));
    return reply;
  } catch (error) {
    await store.replies
      .forget(user, key)
      .catch(unstored('the key of a request that failed could not be forgotten'));
    throw error;
  } finally {
    over.abort();
    await held;
  }
}

function unanswered({ until }: StoredReply, now: Date): Failure {
  return Date.parse(until) > now.getTime()
    ? new Failure('request-under-way', 'it has not been answered yet')
    : new Failure('request-broken-off', `nothing was heard of it since ${until}`);
}

/** Says as long as the work goes on that it does. */
async function keepHold(
  { clock, log }: Pick<ServerContext, 'clock' | 'log'>,
  hold: () => Promise<void>,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(sayMs, over).catch(() => undefined);
    if (over.aborted) return;
    await hold().catch((error: unknown) =>
      log.warn({ error: String(error) }, 'it could not be stored that a request is at work'),
    );
  }
}
