import { Failure, type Clock } from '@holdfast/base';
import { addressGroup } from './address.ts';
import { makeBuckets, type Buckets, type Pace } from './buckets.ts';

/**
 * How often things may be asked of this replica. Each throws a Failure too-many-requests with `retryAfter` in its details:
 * seconds, for the header `Retry-After`.
 */
export interface Limiter {
  /** A request with a token that is valid. @param token its id */
  readonly request: (token: string) => void;
  /** A request of an agent. @param node its id */
  readonly agent: (node: string) => void;
  /** A request that shows a token or certificate which is not valid. */
  readonly refused: (address: string) => void;
  /** An agent that wants to join. */
  readonly join: (address: string) => void;
  /**
   * A password that is about to be looked at: of whom, and from where. It counts as wrong until it was right: after five
   * wrong ones in a row each further one doubles the wait, a second at first, 15 minutes at most.
   *
   * @returns what is called when it was right
   */
  readonly password: (name: string, address: string) => () => void;
}

const paces = {
  request: { burst: 200, perSecond: 50, most: 100_000 },
  agent: { burst: 200, perSecond: 20, most: 100_000 },
  refused: { burst: 50, perSecond: 1, most: 100_000 },
  join: { burst: 200, perSecond: 5, most: 100_000 },
  /** Of one address, and of one name from wherever. */
  login: { burst: 20, perSecond: 0.5, most: 100_000 },
  name: { burst: 50, perSecond: 0.2, most: 100_000 },
} as const satisfies Record<string, Pace>;

const freeFailures = 5;
const longestMs = 15 * 60_000;
const rememberedPairs = 100_000;

/** The limits of one replica, all of them at their beginning. */
export function makeLimiter(clock: Pick<Clock, 'monotonic'>): Limiter {
  const buckets = Object.fromEntries(
    Object.entries(paces).map(([name, pace]) => [name, makeBuckets(clock, pace)]),
  ) as Record<keyof typeof paces, Buckets>;
  const wrong = new Map<string, { failures: number; notBefore: number }>();
  const take = (of: keyof typeof paces, key: string): void => wait(buckets[of].take(key));
  return {
    request: (token) => take('request', token),
    agent: (node) => take('agent', node),
    refused: (address) => take('refused', addressGroup(address)),
    join: (address) => take('join', addressGroup(address)),
    password(name, address) {
      const key = `${addressGroup(address)} ${name}`;
      const before = wrong.get(key);
      wait((before?.notBefore ?? Number.NEGATIVE_INFINITY) - clock.monotonic());
      take('login', addressGroup(address));
      take('name', name);
      const failures = (before?.failures ?? 0) + 1;
      const delay = failures < freeFailures ? 0 : Math.min(longestMs, 1_000 * 2 ** (failures - freeFailures));
      wrong.delete(key);
      wrong.set(key, { failures, notBefore: clock.monotonic() + delay });
      if (wrong.size > rememberedPairs) wrong.delete(wrong.keys().next().value!);
      return () => wrong.delete(key);
    },
  };
}

function wait(ms: number): void {
  if (ms <= 0) return;
  const retryAfter = Math.ceil(ms / 1_000);
  throw new Failure('too-many-requests', `the next one is let through in ${retryAfter} s`, { retryAfter });
}
