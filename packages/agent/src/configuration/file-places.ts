import { basename, dirname, join } from 'node:path';
import { heldManifest, type HostDescription, type RestorePlan } from '@holdfast/model';

/** Every name that a restore uses for one file of a machine's configuration. */
export interface FilePlaces {
  /** Where it lies while nothing may be started from it. */
  readonly path: string;
  /** The old one. */
  readonly kept: string;
  /** Says that there was none. */
  readonly made: string;
  /** A new one on its way to its name. */
  readonly part: string;
}

type Run = { readonly run: HostDescription };

/** The manifests of static pods among what is described. */
export function manifestsOf(described: readonly Run[]): string[] {
  return described.flatMap(({ run }) => (run.driver === 'static-pods' ? [run.manifest] : []));
}

/**
 * The names of a file. All of a manifest are in the folder where it is held: whatever lies in the one that the kubelet watches
 * is a pod.
 */
export function filePlaces(
  { id, members, controlPlane }: Pick<RestorePlan, 'id'> & Record<'members' | 'controlPlane', readonly Run[]>,
  path: string,
): FilePlaces {
  const isManifest = manifestsOf([...members, ...controlPlane]).includes(path);
  const at = isManifest ? heldManifest(path) : path;
  return {
    path: at,
    kept: `${at}.pre-${id}`,
    made: `${at}.made-${id}`,
    part: join(dirname(at), `.${basename(at)}.part-${id}`),
  };
}
