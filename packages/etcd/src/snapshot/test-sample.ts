import type { Check } from '@holdfast/model';
import { buildTestImage, bytesSource, type TestImage } from '../bolt/test-image.ts';
import { TestHistory } from '../mvcc/test-history.ts';
import { type Verification, verifySnapshotFile, type VerifyOptions } from './index.ts';

/** The checks in their order. */
export const allChecks = ['size', 'sha256', 'trailer', 'tree', 'records', 'revisions', 'hashkv'];

export function verify(bytes: Uint8Array, options: VerifyOptions = {}): Promise<Verification> {
  return verifySnapshotFile(bytesSource(bytes), options);
}

/** The outcome of each check. */
export function outcomes({ checks }: Verification): Record<string, Check['outcome']> {
  return Object.fromEntries(checks.map((each) => [each.check, each.outcome]));
}

export function failures({ checks }: Verification): Check[] {
  return checks.filter((each) => each.outcome === 'failed');
}

/** A store with some history, compacted at revision 30, and its image. */
export function sample(image: Partial<TestImage> = {}): { history: TestHistory; bytes: Buffer } {
  const history = new TestHistory();
  for (let i = 0; i < 60; i++)
    history.apply([
      { key: `/registry/pods/${i % 17}`, put: `value ${i}` },
      { key: `/registry/pods/${(i * 5) % 17}` },
    ]);
  history.compact(30, 30, true);
  return { history, bytes: buildTestImage({ buckets: history.buckets(), fanOut: 5, ...image }) };
}
