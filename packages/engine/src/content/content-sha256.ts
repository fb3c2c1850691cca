import { createHash } from 'node:crypto';
import type { VerbContext } from '../context.ts';
import type { SnapshotContent } from './snapshot-content.ts';

/**
 * Reads a content from end to end: its SHA-256 in hexadecimal, and its bytes.
 *
 * @param phase what it is told as
 * @param total bytes that it should have
 * @throws as the content; the signal's reason
 */
export async function contentSha256(
  { signal, onProgress }: VerbContext,
  content: SnapshotContent,
  phase: string,
  total: number,
): Promise<{ readonly sha256: string; readonly size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const block of content.stream(signal)) {
    hash.update(block);
    size += block.length;
    onProgress?.({ phase, done: size, total: Math.max(size, total) });
  }
  return { sha256: hash.digest('hex'), size };
}
