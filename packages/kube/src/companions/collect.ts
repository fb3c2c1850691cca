import { formatBytes, limits } from '@holdfast/base';
import type { Distribution, RootReader } from '../distribution.ts';
import { type Companion, type CompanionPlaces, companionsOf } from './companion-list.ts';
import { referencesOf } from './references.ts';

/** A companion that was found, with what it holds. */
export interface CollectedCompanion {
  /** Absolute, on the node. */
  readonly path: string;
  readonly why: string;
  readonly secret: boolean;
  readonly content: Uint8Array;
}

/** What was found on a node, in the order of the list. */
export interface CollectedCompanions {
  readonly companions: readonly CollectedCompanion[];
  /** What is there and could not be taken, and why. */
  readonly left: readonly { readonly path: string; readonly why: string }[];
}

/** Reads the companions of a node, and the files that the API server's flags name. */
export async function collectCompanions(
  distribution: Distribution,
  root: RootReader,
  places: CompanionPlaces = {},
): Promise<CollectedCompanions> {
  const found = new Map<string, CollectedCompanion>();
  const left = new Map<string, string>();
  const { companionBytes, companionsBytes, companionFiles } = limits;
  let bytes = 0;
  const take = async (path: string, { why, secret }: Pick<Companion, 'why' | 'secret'>): Promise<void> => {
    if (found.has(path) || left.has(path)) return;
    if (found.size >= companionFiles) {
      left.set(path, `there are more than ${companionFiles} files`);
      return;
    }
    try {
      const content = await root.read(path);
      if (content === undefined) return;
      if (content.length > companionBytes)
        left.set(
          path,
          `it has ${formatBytes(content.length)}, and a companion at most ${formatBytes(companionBytes)}`,
        );
      else if (bytes + content.length > companionsBytes)
        left.set(path, `the files together have more than ${formatBytes(companionsBytes)}`);
      else {
        bytes += content.length;
        found.set(path, { path, why, secret, content });
      }
    } catch (error) {
      left.set(path, error instanceof Error ? error.message : 'it cannot be read');
    }
  };
  for (const companion of companionsOf(distribution, places))
    for (const path of await expand(companion.path, root)) await take(path, companion);
  const files = new Map([...found].map(([path, { content }]) => [path, content]));
  // Which of them are secret nobody knows, so all are treated as if they were.
  for (const { flag, path } of referencesOf(distribution, files))
    await take(path, { why: `the API server is started with it (--${flag})`, secret: true });
  return {
    companions: [...found.values()],
    left: [...left].map(([path, why]) => ({ path, why })),
  };
}

/** The files that a path with `*` in its last part stands for. */
async function expand(path: string, root: RootReader): Promise<readonly string[]> {
  const cut = path.lastIndexOf('/');
  const [before, after, ...more] = path.slice(cut + 1).split('*');
  if (before === undefined || after === undefined || more.length > 0) return [path];
  const names = await root.list(path.slice(0, cut));
  return names
    .filter(
      (name) =>
        name.startsWith(before) && name.endsWith(after) && name.length >= before.length + after.length,
    )
    .toSorted()
    .map((name) => `${path.slice(0, cut)}/${name}`);
}
