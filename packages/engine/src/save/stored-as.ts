import { compressSeekable, seal, type PublicKey } from '@holdfast/repository/object';
import type { Repository } from '@holdfast/repository';

/** How a repository stores a snapshot. */
export type StoredAs =
  | { readonly encoding: 'plain' | 'zstd' }
  | { readonly encoding: 'zstd+age'; readonly recipients: readonly [PublicKey, ...PublicKey[]] };

/**
 * Sealed where the repository has keys to seal for; else as it is in a folder, where etcd's own tools take it, and
 * compressed elsewhere.
 *
 * @throws Failure keys-untrusted
 */
export function storedAs(repository: Repository): StoredAs {
  const { recipients } = repository.ring;
  if (recipients !== undefined) return { encoding: 'zstd+age', recipients };
  return { encoding: isLocal(repository) ? 'plain' : 'zstd' };
}

/** Whether its objects are files of this machine. */
function isLocal({ storage }: Repository): boolean {
  return storage.localPath('any') !== undefined;
}

/** The public keys of the sealed, in the order in which a manifest names them. */
export function recipientsOf(as: StoredAs): string[] {
  return as.encoding === 'zstd+age' ? as.recipients.map(({ text }) => text) : [];
}

/** The same text for all that store the same bytes. */
export function groupOf(as: StoredAs): string {
  return [as.encoding, ...recipientsOf(as).toSorted()].join(' ');
}

/** The bytes that are stored of a plain content. A chunk is valid until the next one is asked for. */
export function encodedPlain(plain: AsyncIterable<Uint8Array>, as: StoredAs): AsyncIterable<Uint8Array> {
  return as.encoding === 'plain' ? plain : encoded(compressSeekable(plain, { lend: true }), as);
}

/** The bytes that are stored of a compressed content. A chunk is valid until the next one is asked for. */
export function encoded(compressed: AsyncIterable<Uint8Array>, as: StoredAs): AsyncIterable<Uint8Array> {
  return as.encoding === 'zstd+age'
    ? seal(compressed, { recipients: as.recipients }, { lend: true })
    : compressed;
}
