import { open, readFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, type Clock } from '@holdfast/base';
import type { JournalRecord } from '@holdfast/model';
import { isSystemError, reading, syncFolder, writing } from '@holdfast/repository';
import { readLines, recordLine } from './record-line.ts';

type About = Pick<JournalRecord, 'step' | 'evidence'>;

/**
 * The records of a journal; none when there is no such file.
 *
 * @throws journal-damaged, file-unreadable
 */
export async function readJournal(path: string, id: string): Promise<readonly JournalRecord[]> {
  return (await contentOf(path, id)).records;
}

/** A restore's journal, open for its leader: what is appended is on the disk before anything else is done. */
export class Journal {
  readonly records: JournalRecord[];
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #clock: Clock;
  readonly #onRecord: (record: JournalRecord) => void;
  /** The last append, so that records of steps at the same time follow each other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    file: FileHandle,
    records: readonly JournalRecord[],
    clock: Clock,
    onRecord: (record: JournalRecord) => void,
  ) {
    this.#path = path;
    this.#file = file;
    this.records = [...records];
    this.#clock = clock;
    this.#onRecord = onRecord;
  }

  /**
   * Opens a journal, or makes an empty one; what an unfinished append left at its end is cut off. Only who holds the
   * restore may do this.
   *
   * @throws journal-damaged, file-unreadable, file-unwritable, disk-full
   */
  static async open(
    path: string,
    id: string,
    clock: Clock,
    onRecord: (record: JournalRecord) => void = () => {},
  ): Promise<Journal> {
    const { records, length } = await contentOf(path, id);
    return writing(path, async () => {
      const file = await open(path, 'a', 0o600);
      try {
        await file.truncate(length);
        await file.sync();
        await syncFolder(dirname(path));
      } catch (error) {
        await file.close();
        throw error;
      }
      return new Journal(path, file, records, clock, onRecord);
    });
  }

  /**
   * Appends a record and forces it to the disk. After one has failed none is appended any more: what it left at the
   * end is cut off when the journal is opened again.
   *
   * @throws file-unwritable, disk-full
   */
  append(event: JournalRecord['event'], about: About = {}): Promise<void> {
    const next = this.#last.then(() => this.#write(event, about));
    // Whoever appends next fails for the same reason; nobody is left with an unheard rejection.
    this.#last = next;
    this.#last.catch(() => {});
    return next;
  }

  /** Waits for the last append. */
  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#file.close();
  }

  async #write(event: JournalRecord['event'], about: About): Promise<void> {
    const at = this.#clock.now().toISOString();
    const record: JournalRecord = { n: this.records.length, at, event, ...about };
    await writing(this.#path, async () => {
      await this.#file.appendFile(recordLine(record));
      await this.#file.sync();
    });
    this.records.push(record);
    this.#onRecord(record);
  }
}

async function contentOf(path: string, id: string): Promise<ReturnType<typeof readLines>> {
  const content = readLines(await bytesOf(path));
  if (content.fault === undefined) return content;
  throw new Failure('journal-damaged', content.fault, { path, id });
}

async function bytesOf(path: string): Promise<Buffer> {
  return reading(path, async () => {
    try {
      return await readFile(path);
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return Buffer.alloc(0);
      throw error;
    }
  });
}
