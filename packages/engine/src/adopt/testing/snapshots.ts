import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const fixtures = new URL('../../../../../test/fixtures/snapshots/', import.meta.url);

/** A snapshot of a real etcd, with its trailer. */
export function realSnapshot(version: '3.4.23' | '3.5.35' | '3.6.16' | '3.7.3' = '3.6.16'): Buffer {
  return gunzipSync(readFileSync(new URL(`etcd-${version}.db.gz`, fixtures)));
}
