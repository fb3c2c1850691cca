import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from '../gateway/gateway.ts';
import { bytesField, type Field, messageField, numberField } from '../gateway/protobuf.ts';

/** A put, or without a value a delete. */
export interface Change {
  readonly key: string;
  readonly value?: Buffer;
  readonly lease?: bigint;
}

/** How changes are written. */
export interface WriteOptions {
  readonly concurrency?: number;
  readonly perTxn?: number;
  readonly perSecond?: number;
  readonly progress?: (written: number) => void;
}

/**
 * Writes changes in transactions of `perTxn`, `concurrency` of them at once. Encoded here and sent past the JSON
 * gateway, which takes several times as long.
 */
export async function writeTogether(
  gateway: Gateway,
  changes: Iterator<Change>,
  { concurrency = 8, perTxn = 1, perSecond = Infinity, progress }: WriteOptions,
): Promise<number> {
  const start = performance.now();
  let taken = 0;
  let written = 0;
  async function worker(): Promise<void> {
    for (;;) {
      const operations: Field[] = [];
      const keys = new Set<string>();
      while (operations.length < perTxn) {
        const next = changes.next();
        if (next.done === true) break;
        // etcd refuses two puts of one key in a transaction: the later one is left out.
        if (!keys.has(next.value.key)) operations.push(operation(next.value));
        keys.add(next.value.key);
      }
      if (operations.length === 0) return;
      taken += operations.length;
      await gateway.grpc('/etcdserverpb.KV/Txn', Buffer.concat(operations));
      written += operations.length;
      progress?.(written);
      const ahead = (taken / perSecond) * 1000 - (performance.now() - start);
      if (ahead > 0) await sleep(ahead);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker));
  return written;
}

/** An operation in the list that a transaction without conditions carries out. */
function operation({ key, value, lease }: Change): Field {
  if (value === undefined) return messageField(2, messageField(3, bytesField(1, key)));
  const leaseField = lease === undefined ? [] : [numberField(3, lease)];
  return messageField(2, messageField(2, bytesField(1, key), bytesField(2, value), ...leaseField));
}
