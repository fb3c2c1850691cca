import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Failure, limits } from '@holdfast/base';
import type { Retry } from '../retry/retry.ts';
import { isRetryable, triedEnough } from '../retry/retryable.ts';
import { hashOf, md5Of } from './body.ts';
import { hidden, type Bucket } from './bucket.ts';
import { listNames, type Listed } from './listing.ts';
import { encryptedAs } from './parameters.ts';
import { headWritten } from './written.ts';

const attempts = 60;
const pauseMs = 20;

/**
 * Writes a key that is free, on a server that does not refuse to overwrite. Every writer first leaves a marker and then
 * lists those of the key: one who finds only the own marker, and the key still free, may write. Of two whose markers are
 * there at once the second one to list finds the other's; so they cannot both write, as long as listings show what was
 * written before them. Of several the one with the lowest name waits for the others to take theirs back.
 *
 * When a connection is lost all is looked at anew: what was written unheard is found by its writer. One who gives up and
 * does not know whether its write may still arrive leaves its marker, so that nobody writes before it.
 *
 * A marker of a writer that died counts for `limits.s3MarkerAgeMs`. One that slept as long right before its request was
 * sent could still overwrite: against that there is no help without the server's.
 *
 * @param writer what the object that `write` makes bears in `writerField`; no two are equal
 * @param write may be called again when it failed
 * @returns false when the key is another's
 */
export async function writeAlone(
  bucket: Bucket,
  retry: Retry,
  key: string,
  writer: string,
  write: () => Promise<void>,
): Promise<boolean> {
  const turn = new Turn(bucket, retry, `${hidden}writing/${hashOf(Buffer.from(key))}/`, writer);
  let failed = 0;
  let mayArrive = false;
  const isWritten = async (): Promise<boolean | undefined> => {
    const found = await bucket.head(key);
    if (found === 'absent') return undefined;
    mayArrive = false;
    // Its own it is when the answer to an earlier attempt was lost.
    return found.writer === writer;
  };
  const unheard = (error: unknown): boolean => isRetryable(error) || bucket.signal?.aborted === true;
  try {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      try {
        let written = await isWritten();
        if (written !== undefined) return written;
        if (await turn.isOurs()) {
          // Looked at once more: another one may have come and gone before this marker was there.
          written = await isWritten();
          if (written !== undefined) return written;
          await write().catch((error: unknown) => {
            mayArrive ||= unheard(error);
            throw error;
          });
          mayArrive = false;
          return (await headWritten(bucket, retry, key)).writer === writer;
        }
        failed = 0;
      } catch (error) {
        failed += 1;
        await retry.pause(error, failed).catch((last: unknown) => {
          throw triedEnough(last);
        });
      }
      await bucket.clock.sleep(pauseMs * Math.min(attempt, 10), bucket.signal);
    }
  } finally {
    if (!mayArrive) await turn.giveBack();
  }
  const why = 'other writers are at the same key';
  throw new Failure('s3-busy', why, { endpoint: bucket.location, lasting: true });
}

/** The marker of one writer of one key, and whether it is the only one. */
class Turn {
  readonly #bucket: Bucket;
  readonly #retry: Retry;
  readonly #folder: string;
  readonly #marker: string;
  /** When it was set, by the monotonic clock. */
  #marked: number | undefined;

  constructor(bucket: Bucket, retry: Retry, folder: string, writer: string) {
    this.#bucket = bucket;
    this.#retry = retry;
    this.#folder = folder;
    this.#marker = `${folder}${writer}`;
  }

  /** Sets the marker where it is not set; whether no other one is there. If one goes first it is taken back. */
  async isOurs(): Promise<boolean> {
    const { clock } = this.#bucket;
    if (this.#marked === undefined) {
      this.#marked = clock.monotonic();
      await put(this.#bucket, this.#marker);
    }
    const others = await this.#others();
    const late = clock.monotonic() - this.#marked > limits.s3MarkerAgeMs / 2;
    if (others.length === 0 && !late) return true;
    if (late || others.some((other) => other < this.#marker)) {
      await remove(this.#bucket, this.#marker);
      this.#marked = undefined;
    }
    return false;
  }

  /** Takes the marker back, also after the signal; never rejects. */
  async giveBack(): Promise<void> {
    if (this.#marked === undefined) return;
    await this.#retry.run(() => remove(this.#bucket, this.#marker)).catch(() => undefined);
  }

  /** Whose markers are there beside the own one; those that were left behind are removed. */
  async #others(): Promise<string[]> {
    const found: Listed[] = [];
    const folder = this.#bucket.named(this.#folder).Key;
    for await (const each of listNames(this.#bucket, this.#retry, folder)) found.push(each);
    const keyOf = ({ name }: Listed): string => name.slice(this.#bucket.prefix.length);
    const mine = found.find((each) => keyOf(each) === this.#marker);
    // It did not arrive, or somebody took it for left behind: then it is to be set anew.
    if (mine === undefined) return [''];
    const others: string[] = [];
    for (const each of found) {
      if (each === mine) continue;
      // Both times are the server's.
      const age = mine.modifiedAt.getTime() - each.modifiedAt.getTime();
      if (age > limits.s3MarkerAgeMs) await remove(this.#bucket, keyOf(each));
      else others.push(keyOf(each));
    }
    return others;
  }
}

async function put(bucket: Bucket, key: string): Promise<void> {
  const body = Buffer.alloc(0);
  const command = new PutObjectCommand({
    ...bucket.named(key),
    ...encryptedAs(bucket.settings),
    Body: body,
    ContentMD5: md5Of(body),
  });
  await bucket.ask('s3:PutObject', key, (client) => client.send(command));
}

async function remove(bucket: Bucket, key: string): Promise<void> {
  const command = new DeleteObjectCommand(bucket.named(key));
  await bucket.askToTheEnd('s3:DeleteObject', key, (client) => client.send(command));
}
