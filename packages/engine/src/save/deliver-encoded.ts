import { createHash } from 'node:crypto';
import { read } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Delivery, StoredBytes } from './destination.ts';
import { EarlyWriteback } from './early-writeback.ts';
import { follow, Growth } from './growth.ts';
import { encoded } from './stored-as.ts';
import type { StreamedContent } from './streamed-content.ts';

const readAt = promisify(read);

/**
 * Encodes the content once and writes it to all deliveries, which store the same bytes. One whose object is a file of
 * this machine goes first, and the others follow by reading that file, so that a slow one holds nobody up.
 *
 * @param written called for each delivery as soon as it has all bytes
 * @throws what is no failure of a delivery
 */
export async function deliverEncoded(
  content: StreamedContent,
  deliveries: readonly Delivery[],
  written: (delivery: Delivery, bytes: StoredBytes) => Promise<void>,
): Promise<void> {
  for (let left = alive(deliveries); left.length > 0; left = alive(left)) {
    const leader = left.find(({ path }) => path !== undefined);
    if (leader === undefined) return await deliverTogether(content, left, written);
    const others = left.filter((each) => each !== leader);
    if (await deliverFollowing(content, leader, others, written)) return;
    // Without the file to follow they begin anew; what was encoded before cannot be made again.
    for (const other of others) await other.attempt(() => other.begin());
  }
}

/** At the pace of the slowest. */
async function deliverTogether(
  content: StreamedContent,
  deliveries: readonly Delivery[],
  written: (delivery: Delivery, bytes: StoredBytes) => Promise<void>,
): Promise<void> {
  const counted = new Counted();
  let left = deliveries;
  for await (const chunk of encoded(content.compressed(), deliveries[0]!.as)) {
    counted.add(chunk);
    await allSettled(left.map((each) => each.attempt(() => each.write(chunk))));
    left = alive(left);
    if (left.length === 0) return;
  }
  const bytes = counted.end();
  await allSettled(left.map((each) => written(each, bytes)));
}

/** False when the leader failed before it had everything. */
async function deliverFollowing(
  content: StreamedContent,
  leader: Delivery,
  followers: readonly Delivery[],
  written: (delivery: Delivery, bytes: StoredBytes) => Promise<void>,
): Promise<boolean> {
  const path = leader.path!;
  const growth = new Growth();
  const counted = new Counted();
  await using file = await open(path);
  using early = new EarlyWriteback(path);
  const bytes = Promise.withResolvers<StoredBytes>();
  bytes.promise.catch(() => undefined);
  const following = followers.map(async (each) => {
    await each.attempt(async () => {
      const chunks = follow(
        growth,
        async (target, at) => (await readAt(file.fd, target, 0, target.length, at)).bytesRead,
      );
      try {
        for await (const chunk of chunks) await each.write(chunk);
      } catch (error) {
        if (!(error instanceof LeaderLost)) throw error;
      }
    });
    if (leader.failure === undefined || growth.ended) await written(each, await bytes.promise);
  });
  const leading = async (): Promise<void> => {
    try {
      for await (const chunk of encoded(content.compressed(), leader.as)) {
        counted.add(chunk);
        await leader.attempt(() => leader.write(chunk));
        if (leader.failure !== undefined) throw new LeaderLost();
        early.grown(chunk.length);
        growth.grown(chunk.length);
      }
    } catch (error) {
      growth.fail(error);
      bytes.reject(error);
      if (error instanceof LeaderLost) return;
      throw error;
    }
    growth.end();
    const found = counted.end();
    bytes.resolve(found);
    await written(leader, found);
  };
  await allSettled([leading(), ...following]);
  return growth.ended;
}

/** The file that others follow will not become whole. */
class LeaderLost extends Error {
  override readonly name = 'LeaderLost';
}

/** The size and the hash of what is stored, counted once for all who store it. */
class Counted {
  readonly #hash = createHash('sha256');
  #size = 0;

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  end(): StoredBytes {
    return { size: this.#size, sha256: this.#hash.digest('hex') };
  }
}

function alive(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.filter(({ failure }) => failure === undefined);
}

/** Waits for all, also when one has failed; then throws what the first one did. */
export async function allSettled(works: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
