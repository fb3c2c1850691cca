import { Failure } from '@holdfast/base';
import type { SnapshotEntry } from '@holdfast/repository';

/** Nothing is made from a snapshot for which nobody vouches that counts. @throws manifest-untrusted */
export function refuseUntrusted({ name, trust }: Pick<SnapshotEntry, 'name' | 'trust'>): void {
  if (!trust.trusted) throw new Failure('manifest-untrusted', trust.why, { name });
}
