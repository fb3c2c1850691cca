import { createHash } from 'node:crypto';
import { Failure, limits } from '@holdfast/base';
import { pathOf } from './storage/path-of.ts';
import type { Storage } from './storage/storage.ts';

/** The version of all records but manifests: the only one that is written and read. */
export const apiVersion = 'holdfast.dev/v1';

/** What reads a record: a zod schema of the model, which leaves fields that it does not know aside. */
interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
}

/** A record with the SHA-256 (hexadecimal) of its bytes. */
export interface ReadRecord<T> {
  readonly record: T;
  readonly sha256: string;
}

/** A record as it is stored: UTF-8 JSON, two spaces, a newline at the end. */
export function encodeRecord(record: object): Buffer {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
}

/**
 * Reads a record; undefined when there is none.
 *
 * @throws manifest-damaged when it is no JSON or not of its schema, repository-newer when a later version wrote it
 */
export async function readRecord<T>(
  storage: Storage,
  key: string,
  schema: Schema<T>,
): Promise<ReadRecord<T> | undefined> {
  const bytes = await storage.get(key, limits.recordBytes);
  if (bytes === undefined) return undefined;
  const path = pathOf(storage, key);
  const record = parseRecord(bytes, { path, repository: storage.location, version: apiVersion }, schema);
  return { record, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/**
 * Reads a record from its bytes.
 *
 * @param at what failures name, and the version that is read
 * @throws manifest-damaged when it is no JSON or not of its schema, repository-newer when a later version wrote it
 */
export function parseRecord<T>(
  bytes: Uint8Array,
  { path, repository, version }: { path: string; repository: string; version: string },
  schema: Schema<T>,
): T {
  const value = parse(bytes, path);
  const found = typeof value === 'object' && value !== null && 'apiVersion' in value && value.apiVersion;
  if (typeof found === 'string' && found !== version) {
    const why = `${path} has apiVersion ${JSON.stringify(found)}, this version reads "${version}"`;
    throw new Failure('repository-newer', why, { repository, path });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map((each) => `${each.path.join('.') || 'record'}: ${each.message}`);
  throw new Failure('manifest-damaged', why.join('; '), { path }, { cause: parsed.error });
}

function parse(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Failure('manifest-damaged', 'it is not JSON', { path }, { cause: error });
  }
}
