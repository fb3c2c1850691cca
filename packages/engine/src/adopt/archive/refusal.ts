import { Failure, limits } from '@holdfast/base';
import { misleading } from '../place/path-fault.ts';

/** What an archive is refused for. @param where the archive, as its user would write it */
export function refused(where: string, why: string, entry?: string): Failure {
  return new Failure('archive-refused', about(why, entry), details(where, entry));
}

/** What shows that an archive is not what its writer has made. */
export function damagedArchive(where: string, why: string, entry?: string, cause?: unknown): Failure {
  return new Failure('archive-damaged', about(why, entry), details(where, entry), { cause });
}

function about(why: string, entry: string | undefined): string {
  return entry === undefined ? why : `${JSON.stringify(entry)} in it: ${why}`;
}

function details(where: string, entry: string | undefined): Record<string, string> {
  return { path: where, ...(entry !== undefined && { entry }) };
}

/** The name of an entry that leads nowhere else. */
export interface EntryName {
  /** Its last part. */
  readonly base: string;
  /** What tells it from others, however it is written: programs that unpack take `./a` and `a` for one file. */
  readonly key: string;
}

/**
 * Refuses a name that leads elsewhere. An absolute one does not: RKE writes such, by fault, and no entry is ever written
 * under its name.
 *
 * @throws archive-refused
 */
export function checkEntryName(where: string, name: string): EntryName {
  if (name === '') throw refused(where, 'its name is empty', name);
  if (name.includes('\uFFFD')) throw refused(where, 'its name is not valid UTF-8', name);
  if (misleading.test(name)) throw refused(where, 'its name has control characters', name);
  if (name.includes('\\')) throw refused(where, 'its name has a backslash', name);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refused(where, 'its name leads outside', name);
  return { base: parts.at(-1) ?? '', key: parts.join('/') };
}

/** Counts what comes out of an archive, and refuses what is more than its headers or any database could be. */
export class Ration {
  readonly #where: string;
  readonly #entry: string;
  /** Bytes that the archive holds of it. */
  readonly #stored: () => number;
  #plain = 0;

  constructor(where: string, entry: string, stored: () => number) {
    this.#where = where;
    this.#entry = entry;
    this.#stored = stored;
  }

  /** Bytes that have come. */
  get plain(): number {
    return this.#plain;
  }

  /** @throws archive-refused */
  count(bytes: number): void {
    this.#plain += bytes;
    const fault = bombFault(this.#stored(), this.#plain);
    if (fault !== undefined) throw refused(this.#where, fault, this.#entry);
  }
}

/** Why so many plain bytes are no database's; undefined when they may be. */
export function bombFault(stored: number, plain: number): string | undefined {
  if (plain > limits.archiveEntryBytes) return `it has more than ${limits.archiveEntryBytes} bytes`;
  if (plain <= limits.archiveRatioFromBytes || plain <= stored * limits.archiveRatio) return undefined;
  return `it is compressed to less than a ${limits.archiveRatio}th, as no database is`;
}
