/** A key or value as tests write them: text stands for its UTF-8 bytes. */
export type Bytes = Uint8Array | string;

/** A key with its value and what etcd knows of it. */
export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

/** One operation of a transaction. */
export type Operation =
  | { readonly put: Bytes; readonly value: Bytes; readonly lease?: bigint }
  | { readonly delete: Bytes; readonly end?: Bytes }
  | { readonly range: Bytes; readonly end?: Bytes };

/** A condition of a transaction, on one number of one key. */
export interface Condition {
  readonly key: Bytes;
  readonly on: 'version' | 'createRevision' | 'modRevision';
  readonly is: '=' | '<' | '>' | '!=';
  readonly value: number;
}

/** A KeyValue as the gateway writes it. */
export interface WireKeyValue {
  key?: string;
  value?: string;
  create_revision?: string;
  mod_revision?: string;
  version?: string;
  lease?: string;
}

/** Bytes as the gateway takes them. */
export function base64(bytes: Bytes): string {
  if (typeof bytes === 'string') return Buffer.from(bytes).toString('base64');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Reads a KeyValue; the gateway leaves out what is zero. */
export function keyValueFrom(wire: WireKeyValue): KeyValue {
  return {
    key: Buffer.from(wire.key ?? '', 'base64'),
    value: Buffer.from(wire.value ?? '', 'base64'),
    createRevision: Number(wire.create_revision ?? 0),
    modRevision: Number(wire.mod_revision ?? 0),
    version: Number(wire.version ?? 0),
    lease: BigInt(wire.lease ?? 0),
  };
}

/** The end of the range that holds every key with a prefix. */
export function prefixEnd(prefix: Bytes): Buffer {
  const end = Buffer.from(typeof prefix === 'string' ? Buffer.from(prefix) : prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    const byte = end[i] ?? 0;
    if (byte < 0xff) {
      end[i] = byte + 1;
      return end.subarray(0, i + 1);
    }
  }
  return Buffer.from([0]);
}

/** An operation as the gateway takes it. */
export function wireOperation(operation: Operation): object {
  if ('put' in operation) {
    const { put, value, lease } = operation;
    return {
      request_put: {
        key: base64(put),
        value: base64(value),
        ...(lease === undefined ? {} : { lease: `${lease}` }),
      },
    };
  }
  const end = operation.end === undefined ? {} : { range_end: base64(operation.end) };
  if ('delete' in operation) return { request_delete_range: { key: base64(operation.delete), ...end } };
  return { request_range: { key: base64(operation.range), ...end } };
}

const results = { '=': 'EQUAL', '<': 'LESS', '>': 'GREATER', '!=': 'NOT_EQUAL' } as const;
const targets = {
  version: { target: 'VERSION', field: 'version' },
  createRevision: { target: 'CREATE', field: 'create_revision' },
  modRevision: { target: 'MOD', field: 'mod_revision' },
} as const;

/** A condition as the gateway takes it. */
export function wireCondition(condition: Condition): object {
  const { target, field } = targets[condition.on];
  return { key: base64(condition.key), target, result: results[condition.is], [field]: `${condition.value}` };
}
