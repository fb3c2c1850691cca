import { fromBinary } from '@bufbuild/protobuf';
import { limits, type Clock } from '@holdfast/base';
import { Watch, WatchResponseSchema, type WatchResponse } from './gen/etcd_pb.ts';
import type { Peer } from './peer.ts';
import { grpcCode, Refusal } from './refusal.ts';

/** What a watcher who comes back with a revision is told: to read everything anew, or nothing at all. */
export type WatchAnswer = 'compacted' | 'watching';

/** Ends the stream once the answer is known. */
class Answered extends Error {
  readonly answer: WatchAnswer;
  constructor(answer: WatchAnswer) {
    super(answer);
    this.answer = answer;
  }
}

/**
 * Watches a key from a revision for as long as it takes to know whether etcd has compacted that. etcd first says that the
 * watch is made, and only afterwards looks whether it can serve it: then comes its end, or what happened since to the
 * key. A revision that is yet to come is waited for, and so is one since which nothing happened to the key: the first
 * shows in the first answer, the second by silence.
 */
export async function watchFrom(
  peer: Peer,
  clock: Clock,
  order: { readonly key: string; readonly revision: number },
  signal: AbortSignal,
): Promise<WatchAnswer> {
  const startRevision = BigInt(order.revision);
  const createRequest = { key: new TextEncoder().encode(order.key), startRevision };
  const [quiet, ended] = [new AbortController(), new AbortController()];
  clock.sleep(limits.etcdCallMs, ended.signal).then(
    () => quiet.abort(new Refusal(grpcCode.deadlineExceeded, `no answer within ${limits.etcdCallMs} ms`)),
    () => undefined,
  );
  let received = Buffer.alloc(0);
  let created = false;
  try {
    const request = { requestUnion: { case: 'createRequest', value: createRequest } } as const;
    const take = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      for (let message = nextMessage(); message !== undefined; message = nextMessage()) {
        created ||= message.created;
        const answer = answerOf(message, startRevision);
        if (answer !== undefined) throw new Answered(answer);
      }
    };
    await peer.listen(Watch.method.watch, request, take, AbortSignal.any([signal, quiet.signal]));
    throw new Refusal(grpcCode.unavailable, 'the watch ended without an answer');
  } catch (error) {
    if (error instanceof Answered) return error.answer;
    if (created && quiet.signal.aborted && !signal.aborted) return 'watching';
    throw error;
  } finally {
    ended.abort();
  }

  function nextMessage(): WatchResponse | undefined {
    const end = received.length < 5 ? Infinity : 5 + received.readUInt32BE(1);
    if (received.length < end) return undefined;
    const message = fromBinary(WatchResponseSchema, received.subarray(5, end));
    received = received.subarray(end);
    return message;
  }
}

function answerOf(message: WatchResponse, startRevision: bigint): WatchAnswer | undefined {
  if (message.compactRevision > 0n) return 'compacted';
  if (message.canceled) throw new Refusal(grpcCode.failedPrecondition, message.cancelReason);
  const ahead = startRevision > (message.header?.revision ?? 0n);
  return message.events.length > 0 || (message.created && ahead) ? 'watching' : undefined;
}
