import type { GatewayTransport } from './transport.ts';
import {
  base64,
  type Bytes,
  type Condition,
  type KeyValue,
  keyValueFrom,
  type Operation,
  type WireKeyValue,
  wireCondition,
  wireOperation,
} from './values.ts';

/** Which keys to read, and as of when. */
export interface RangeRequest {
  readonly key: Bytes;
  readonly end?: Bytes;
  readonly revision?: number;
  readonly limit?: number;
  readonly serializable?: boolean;
}

/** What a range holds, and the cluster's revision when it was read. */
export interface RangeAnswer {
  readonly revision: number;
  readonly keyValues: KeyValue[];
  readonly count: number;
  readonly more: boolean;
}

/** The calls about keys and leases. */
export interface KeyCalls {
  put(key: Bytes, value: Bytes, lease?: bigint): Promise<{ revision: number }>;
  range(request: RangeRequest): Promise<RangeAnswer>;
  /** Every key, or those from `key` to `end`, page by page at one revision. */
  rangeAll(request?: Partial<RangeRequest>): Promise<{ revision: number; keyValues: KeyValue[] }>;
  deleteRange(key: Bytes, end?: Bytes): Promise<{ revision: number; deleted: number }>;
  txn(
    operations: readonly Operation[],
    conditions?: readonly Condition[],
    otherwise?: readonly Operation[],
  ): Promise<{ revision: number; succeeded: boolean }>;
  /** Without an id the server chooses one. */
  leaseGrant(ttl: number, id?: bigint): Promise<{ id: bigint; ttl: number }>;
  leaseRevoke(id: bigint): Promise<void>;
  /** The time left is negative for a lease that does not exist. */
  leaseTimeToLive(id: bigint): Promise<{ ttl: number; grantedTtl: number; keys: Buffer[] }>;
  leases(): Promise<bigint[]>;
}

interface Header {
  header: { revision?: string };
}

interface WireRange extends Header {
  kvs?: WireKeyValue[];
  count?: string;
  more?: boolean;
}

const pageSize = 1000;
const zero = Buffer.from([0]);

/** The calls about keys and leases over one member's gateway. */
export function keyCalls({ post }: Pick<GatewayTransport, 'post'>): KeyCalls {
  async function range(request: RangeRequest): Promise<RangeAnswer> {
    const answer = await post<WireRange>('/v3/kv/range', {
      key: base64(request.key),
      ...(request.end === undefined ? {} : { range_end: base64(request.end) }),
      ...(request.revision === undefined ? {} : { revision: `${request.revision}` }),
      ...(request.limit === undefined ? {} : { limit: `${request.limit}` }),
      ...(request.serializable === undefined ? {} : { serializable: request.serializable }),
    });
    return {
      revision: revisionOf(answer),
      keyValues: (answer.kvs ?? []).map(keyValueFrom),
      count: Number(answer.count ?? 0),
      more: answer.more ?? false,
    };
  }
  return {
    range,
    rangeAll: async (request = {}) => rangeAll(range, request),
    async put(key, value, lease) {
      const body = {
        key: base64(key),
        value: base64(value),
        ...(lease === undefined ? {} : { lease: `${lease}` }),
      };
      return { revision: revisionOf(await post<Header>('/v3/kv/put', body)) };
    },
    async deleteRange(key, end) {
      const body = { key: base64(key), ...(end === undefined ? {} : { range_end: base64(end) }) };
      const answer = await post<Header & { deleted?: string }>('/v3/kv/deleterange', body);
      return { revision: revisionOf(answer), deleted: Number(answer.deleted ?? 0) };
    },
    async txn(operations, conditions = [], otherwise = []) {
      const answer = await post<Header & { succeeded?: boolean }>('/v3/kv/txn', {
        compare: conditions.map(wireCondition),
        success: operations.map(wireOperation),
        failure: otherwise.map(wireOperation),
      });
      return { revision: revisionOf(answer), succeeded: answer.succeeded ?? false };
    },
    ...leaseCalls({ post }),
  };
}

function leaseCalls({
  post,
}: Pick<GatewayTransport, 'post'>): Pick<
  KeyCalls,
  'leaseGrant' | 'leaseRevoke' | 'leaseTimeToLive' | 'leases'
> {
  return {
    async leaseGrant(ttl, id = 0n) {
      const answer = await post<{ ID: string; TTL: string }>('/v3/lease/grant', {
        TTL: `${ttl}`,
        ID: `${id}`,
      });
      return { id: BigInt(answer.ID), ttl: Number(answer.TTL) };
    },
    async leaseRevoke(id) {
      await post('/v3/lease/revoke', { ID: `${id}` });
    },
    async leaseTimeToLive(id) {
      const answer = await post<{ TTL?: string; grantedTTL?: string; keys?: string[] }>(
        '/v3/lease/timetolive',
        {
          ID: `${id}`,
          keys: true,
        },
      );
      return {
        ttl: Number(answer.TTL ?? 0),
        grantedTtl: Number(answer.grantedTTL ?? 0),
        keys: (answer.keys ?? []).map((key) => Buffer.from(key, 'base64')),
      };
    },
    async leases() {
      const answer = await post<{ leases?: { ID: string }[] }>('/v3/lease/leases', {});
      return (answer.leases ?? []).map(({ ID }) => BigInt(ID));
    },
  };
}

async function rangeAll(
  range: KeyCalls['range'],
  request: Partial<RangeRequest>,
): Promise<{ revision: number; keyValues: KeyValue[] }> {
  const keyValues: KeyValue[] = [];
  let { revision } = request;
  let key: Bytes = request.key ?? zero;
  for (;;) {
    const at = revision === undefined ? {} : { revision };
    const page = await range({ limit: pageSize, ...request, ...at, key, end: request.end ?? zero });
    revision ??= page.revision;
    keyValues.push(...page.keyValues);
    const last = page.keyValues.at(-1);
    if (!page.more || last === undefined) return { revision, keyValues };
    key = Buffer.concat([last.key, zero]);
  }
}

function revisionOf(answer: Header): number {
  return Number(answer.header.revision ?? 0);
}
