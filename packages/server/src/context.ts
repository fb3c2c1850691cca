import type { Clock } from '@holdfast/base';
import type { Logger } from 'pino';
import type { Sealer } from './secrets/sealer.ts';
import type { Store } from './store/store.ts';

/** What every part of the server is given. */
export interface ServerContext {
  readonly clock: Clock;
  readonly store: Store;
  readonly sealer: Sealer;
  /** Structured; never a secret, nor a body. */
  readonly log: Logger;
  /** The version of Holdfast. */
  readonly holdfast: string;
  /** This process among the replicas, as `r-7f3kq`: made anew at each start. */
  readonly replica: string;
  /** Bytes that nobody can foretell. */
  readonly random: (bytes: number) => Uint8Array;
  /** For what has to be read by position, enciphered. */
  readonly scratchFolder: string;
  /** The folder of what was seen of repositories. */
  readonly memory: string;
}
