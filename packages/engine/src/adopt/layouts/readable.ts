import { isFailure } from '@holdfast/base';
import type { SniffedDb } from '../sniff.ts';

/** What was found wrong with an archive, as `refused: <why>`; every other error is thrown. */
export function archiveFault(error: unknown): string {
  if (isFailure(error, 'archive-refused')) return `refused: ${error.why}`;
  if (isFailure(error, 'archive-damaged')) return `damaged: ${error.why}`;
  throw error;
}

/** Whether a database of `size` bytes could be opened, by its heads. */
export function isWholeDb({ pageBytes }: SniffedDb, size: number): boolean {
  return pageBytes !== null && size >= pageBytes;
}

/** What is to be said of a database of `size` bytes by its heads, a sentence each. */
export function dbNotes({ pageBytes }: SniffedDb, size: number): readonly string[] {
  if (pageBytes === null) return ['Both heads of the database are damaged: it cannot be opened.'];
  if (size < pageBytes) return [`The database is cut off: ${size} of ${pageBytes} bytes are there.`];
  return trailerNotes(size);
}

/** What is to be said of a file of `size` bytes where etcd's own SHA-256 is missing: pages are whole sectors. */
export function trailerNotes(size: number): readonly string[] {
  const rest = size % 512;
  if (rest === 32) return [];
  return rest === 0
    ? [
        'It lacks the SHA-256 that etcd puts behind a snapshot: it is a copied database, or was cut off there.',
      ]
    : [
        'Its size is neither that of a snapshot nor that of a database: at its end something was cut off or added.',
      ];
}
