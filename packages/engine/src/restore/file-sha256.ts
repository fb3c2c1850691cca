import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Failure } from '@holdfast/base';
import type { VerbContext } from '../context.ts';

/**
 * Reads a file from end to end: its SHA-256 in hexadecimal, and its bytes.
 *
 * @param phase what it is told as
 * @param total bytes that it should have
 * @throws Failure file-unreadable; the signal's reason
 */
export async function fileSha256(
  { signal, onProgress }: VerbContext,
  path: string,
  phase: string,
  total: number,
): Promise<{ readonly sha256: string; readonly size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const block of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
      hash.update(block as Buffer);
      size += (block as Buffer).length;
      onProgress?.({ phase, done: size, total: Math.max(size, total) });
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
  return { sha256: hash.digest('hex'), size };
}
