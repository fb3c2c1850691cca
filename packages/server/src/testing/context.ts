import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { ServerContext } from '../context.ts';
import { makeSealer } from '../secrets/aes-sealer.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { handClock, type HandClock } from './hand-clock.ts';

/** What the parts of a server are given in tests: a real store in a folder of its own, and a clock that is set by hand. */
export interface TestContext extends ServerContext, AsyncDisposable {
  readonly clock: HandClock;
  /** All that was logged, as it was written. */
  readonly logged: () => string;
}

const random = (bytes: number): Uint8Array => randomBytes(bytes);

/** Opens a store of its own for each test. */
export type OpenStore = (clock: HandClock, folder: string) => Promise<Store>;

const sqlite: OpenStore = (clock, folder) => openSqliteStore({ file: join(folder, 'server.db'), clock });

export async function testContext(open: OpenStore = sqlite): Promise<TestContext> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-server-'));
  const clock = handClock();
  const lines: string[] = [];
  const log = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString());
      done();
    },
  });
  const store = await open(clock, folder);
  return {
    clock,
    store,
    sealer: makeSealer(random(32), random),
    log: pino({ level: 'trace' }, log),
    holdfast: '0.0.0-test',
    replica: 'r-test1',
    random,
    scratchFolder: folder,
    memory: folder,
    logged: () => lines.join(''),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
