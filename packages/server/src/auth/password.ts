import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Failure } from '@holdfast/base';

/** Makes and compares the hashes of passwords; a few at a time, since each takes 128 MiB for a third of a second. */
export interface Passwords {
  /** @returns what is stored: `scrypt$17$8$1$<salt>$<hash>`, with log2 N, r and p, and both in base64url */
  hash(password: string): Promise<string>;
  /**
   * Takes the same time whether the hash is there or not.
   *
   * @param stored undefined or '': nobody is let in
   * @throws Failure too-many-requests: too many are waiting
   */
  isRight(password: string, stored: string | undefined): Promise<boolean>;
}

const derive = promisify(
  (
    password: string,
    salt: Uint8Array,
    bytes: number,
    { N, r, p }: { N: number; r: number; p: number },
    done: (error: Error | null, key: Buffer) => void,
  ) => scrypt(password.normalize('NFKC'), salt, bytes, { N, r, p, maxmem: 256 * N * r }, done),
);

const usualLog2N = 17;
const hashBytes = 32;
const saltBytes = 16;
const atOnce = 2;
const waitingAtMost = 30;
const shape = /^scrypt\$(1[4-8])\$(8)\$([1-4])\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

/** Whether it is a stored hash; '' is one that lets nobody in. */
export function isPasswordHash(stored: string): boolean {
  return stored === '' || shape.test(stored);
}

/**
 * @param random where salts come from
 * @param log2N the cost; less than the usual one is for tests alone
 */
export function makePasswords(random: (bytes: number) => Uint8Array, log2N = usualLog2N): Passwords {
  const turn = turns();
  const slowHash = (password: string, salt: Uint8Array, n: number, r: number, p: number): Promise<Buffer> =>
    turn(() => derive(password, salt, hashBytes, { N: 2 ** n, r, p }));
  return {
    async hash(password) {
      const salt = random(saltBytes);
      const made = await slowHash(password, salt, log2N, 8, 1);
      return `scrypt$${log2N}$8$1$${Buffer.from(salt).toString('base64url')}$${made.toString('base64url')}`;
    },
    async isRight(password, stored) {
      const [, n, r, p, salt, hash] = shape.exec(stored ?? '') ?? [];
      const made = await slowHash(
        password,
        Buffer.from(salt ?? '', 'base64url'),
        Number(n ?? log2N),
        Number(r ?? 8),
        Number(p ?? 1),
      );
      const wanted = hash === undefined ? Buffer.alloc(hashBytes) : Buffer.from(hash, 'base64url');
      return timingSafeEqual(made, wanted) && hash !== undefined;
    },
  };
}

/** Lets two work at once, and others wait for their turn. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let working = 0;
  return async (work) => {
    if (working >= atOnce) {
      if (waiting.length >= waitingAtMost)
        throw new Failure('too-many-requests', 'too many passwords are being looked at', { retryAfter: 5 });
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    } else working += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) working -= 1;
      else next();
    }
  };
}
