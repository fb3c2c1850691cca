import { join, relative } from 'node:path';

/** A folder of the machine that a container sees under another path. */
export interface Mount {
  readonly inside: string;
  readonly outside: string;
}

/** The machine's own path of what a container sees under `path`; undefined where it lies in the container alone. */
export function outsidePath(path: string, mounts: readonly Mount[]): string | undefined {
  const holds = mounts.filter(({ inside }) => !relative(inside, path).startsWith('..'));
  const [nearest] = holds.toSorted((a, b) => b.inside.length - a.inside.length);
  return nearest === undefined ? undefined : join(nearest.outside, relative(nearest.inside, path));
}
