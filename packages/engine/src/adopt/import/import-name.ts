import { defaultSnapshotName, isSnapshotName } from '@holdfast/model';
import type { ForeignSnapshot } from '../foreign.ts';

/**
 * What a foreign snapshot is called in a repository: its own name, with what a name cannot have made `-`. None is called
 * `latest`, which is a selector.
 */
export function importName({ name, system, node, takenAt }: ForeignSnapshot): string {
  if (isOwnName(name)) return name;
  const safe = name
    .replace(/[^A-Za-z0-9._:+-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^A-Za-z0-9]+/, '');
  return isOwnName(safe) ? safe : defaultSnapshotName(system, node ?? 'etcd', takenAt);
}

function isOwnName(name: string): boolean {
  return isSnapshotName(name) && name !== 'latest';
}
