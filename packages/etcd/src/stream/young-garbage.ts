import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Makes a function that frees what has become garbage lately (a scavenge, well under a millisecond). What a socket
 * delivers are small objects with large buffers outside of the heap; V8 looks only at the objects, and lets 70 MB of
 * buffers pile up. Freed every few megabytes they are reused instead, which also takes a fifth less processor time.
 */
export function youngGarbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  setFlagsFromString('--no-expose-gc');
  return () => collect({ type: 'minor' });
}
