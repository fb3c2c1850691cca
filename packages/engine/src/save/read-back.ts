import { createHash } from 'node:crypto';
import { Failure } from '@holdfast/base';
import type { StoredBytes } from './destination.ts';

/**
 * Reads again what was stored, and compares it with what was sent.
 *
 * @throws Failure copy-read-back when it is something else; what the storage throws; the signal's reason
 */
export async function readBack(
  stored: AsyncIterable<Uint8Array>,
  sent: StoredBytes,
  { repository, signal }: { readonly repository: string; readonly signal: AbortSignal },
): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of stored) {
    signal.throwIfAborted();
    hash.update(chunk);
    size += chunk.length;
  }
  const sha256 = hash.digest('hex');
  if (size === sent.size && sha256 === sent.sha256) return;
  const why = `${size} bytes with the SHA-256 ${sha256} came back, ${sent.size} with ${sent.sha256} were sent`;
  throw new Failure('copy-read-back', why, { repository });
}
