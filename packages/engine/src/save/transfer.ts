import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { isFailure } from '@holdfast/base';
import type { HashKvAnswer, MemberStatus } from '@holdfast/etcd/client';
import type { EtcdClient } from '@holdfast/etcd/client';
import type { SnapshotPosition } from '@holdfast/etcd/snapshot';
import { trailerSize } from '@holdfast/etcd/snapshot';
import type { TrailedContent } from '@holdfast/etcd/stream';
import type { MemberChoice } from '@holdfast/model';
import type { VerbContext } from '../context.ts';
import { orAborted } from '../or-aborted.ts';
import { allSettled, deliverEncoded } from './deliver-encoded.ts';
import type { Delivery, StoredBytes } from './destination.ts';
import { EarlyWriteback } from './early-writeback.ts';
import { checkFreeSpace } from './free-space.ts';
import { positionIn, receive } from './receive.ts';
import { groupOf } from './stored-as.ts';
import { contentInScratch } from './content-in-scratch.ts';
import { contentInFile, inTurn, type StreamedContent } from './streamed-content.ts';

/** The plain file that everything else is made from cannot be written, so that the save begins anew without it. */
export class PlainLost extends Error {
  override readonly name = 'PlainLost';
}

/** From whom a snapshot is transferred. */
export interface Source {
  readonly client: EtcdClient;
  readonly choice: MemberChoice;
  readonly status: MemberStatus;
}

/** What is known once it has been received. */
export interface Received {
  readonly content: TrailedContent;
  readonly position: SnapshotPosition;
  readonly hashKv: HashKvAnswer;
}

/** What is made of it. */
export interface TransferSteps {
  /** Whether all of the content will be read by position, and not a few pages only. */
  readonly readsAll: boolean;
  /** Called once it is received, with the content by position. */
  received(received: Received, content: StreamedContent): Promise<void>;
  /** Called for each delivery that has all its bytes, after `received`. Notes its failures itself. */
  written(delivery: Delivery, bytes: StoredBytes): Promise<void>;
}

/**
 * Streams a snapshot to all deliveries at once. What is stored plain is written first; where nothing is, the content goes
 * to a scratch. Each other form is encoded once, from there, so that nothing but this machine holds etcd up.
 *
 * @throws PlainLost; Failure of etcd, and of the scratch; the signal's reason. Nothing is committed then.
 */
export async function transfer(
  context: VerbContext,
  source: Source,
  deliveries: readonly Delivery[],
  steps: TransferSteps,
): Promise<void> {
  const [base, ...otherPlain] = await plainOnes(deliveries, source.status.dbSize);
  const encodings = deliveries.filter(({ as, failure }) => as.encoding !== 'plain' && failure === undefined);
  await using disposal = new AsyncDisposableStack();
  const content = disposal.use(
    await contentFor(context, { base, encodings, source, readsAll: steps.readsAll }, disposal),
  );
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);
  const written = async (delivery: Delivery, bytes: StoredBytes): Promise<void> => {
    await ready.promise;
    await steps.written(delivery, bytes);
  };
  const groups = Map.groupBy(encodings, ({ as }) => groupOf(as)).values();
  const encoding = [...groups].map((group) => deliverEncoded(content, group, written));
  const ended = allSettled(encoding);
  ended.catch(() => undefined);
  try {
    const received = await receiveAll(context, source, { content, base, otherPlain, disposal });
    await steps.received(received, content);
    ready.resolve();
    const plain = [base, ...otherPlain].filter((each) => each !== undefined);
    await allSettled([...plain.map((each) => written(each, received.content)), ended]);
  } catch (error) {
    content.fail(error);
    ready.reject(error);
    await ended.catch(() => undefined);
    throw error;
  }
}

/** Those whose disk has room for it. */
async function plainOnes(deliveries: readonly Delivery[], size: number): Promise<Delivery[]> {
  const plain = deliveries.filter(({ as }) => as.encoding === 'plain');
  for (const each of plain) await each.attempt(() => checkFreeSpace(pathOf(each), size));
  return plain.filter(({ failure }) => failure === undefined);
}

async function contentFor(
  context: VerbContext,
  of: {
    readonly base: Delivery | undefined;
    readonly encodings: readonly Delivery[];
    readonly source: Source;
    readonly readsAll: boolean;
  },
  disposal: AsyncDisposableStack,
): Promise<StreamedContent> {
  const { base, encodings, source, readsAll } = of;
  if (base !== undefined) {
    const early = disposal.use(new EarlyWriteback(pathOf(base)));
    const write = inTurn((block) => {
      early.grown(block.length);
      return base.write(block);
    });
    return await contentInFile(pathOf(base), (block) => orLost(base, () => write(block)));
  }
  const local = encodings.find(({ path }) => path !== undefined);
  const folder = context.scratchFolder ?? (local === undefined ? tmpdir() : dirname(pathOf(local)));
  return await contentInScratch(folder, { size: source.status.dbSize + trailerSize, readsAll });
}

async function receiveAll(
  context: VerbContext,
  { client, choice, status }: Source,
  to: {
    readonly content: StreamedContent;
    readonly base: Delivery | undefined;
    readonly otherPlain: readonly Delivery[];
    readonly disposal: AsyncDisposableStack;
  },
): Promise<Received> {
  const { endpoint } = choice.member;
  const { content, base, otherPlain } = to;
  const others = otherPlain.map((each) => {
    const early = to.disposal.use(new EarlyWriteback(pathOf(each)));
    return inTurn((block) => {
      early.grown(block.length);
      return each.attempt(() => each.write(block));
    });
  });
  const take = (block: Uint8Array): void | Promise<void> => {
    const writing = content.write(block);
    if (others.length === 0) return writing;
    return allSettled([Promise.resolve(writing), ...others.map((write) => Promise.resolve(write(block)))]);
  };
  const received = await receive(context, { client, endpoint, databaseSize: status.dbSize }, take);
  await content.end();
  const position = await positionIn(content.source(), endpoint);
  const hashing = orAborted(client.hashKv(endpoint, position), context.signal);
  // The member hashes while the disk writes.
  const syncing = base === undefined ? undefined : orLost(base, () => base.sync());
  const [hashKv] = await Promise.all([hashing, syncing]);
  return { content: received, position, hashKv };
}

/** Does what everything else depends on; a failure of it is noted and ends the whole transfer. */
function orLost<T>(base: Delivery, act: () => T | Promise<T>): T | Promise<T> {
  const lost = async (error: unknown): Promise<never> => {
    if (!isFailure(error)) throw error;
    await base.fail(error);
    throw new PlainLost(error.message, { cause: error });
  };
  try {
    const acting = act();
    return acting instanceof Promise ? acting.catch(lost) : acting;
  } catch (error) {
    return lost(error);
  }
}

function pathOf({ path, destination }: Delivery): string {
  if (path === undefined) throw new Error(`${destination.name}: a plain snapshot is staged on this machine`);
  return path;
}
