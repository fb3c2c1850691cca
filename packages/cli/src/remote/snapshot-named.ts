import { Failure } from '@holdfast/base';
import type { FleetCluster, FleetSnapshot } from '@holdfast/model/fleet';
import type { Fleet } from './connection.ts';

/** Where a snapshot is looked for. */
interface Wanted {
  /** Only there. */
  readonly repository?: string | undefined;
  /** Whether one of several repositories must have been named: what is done destroys. */
  readonly isOnly?: true;
}

/**
 * The snapshot that is meant: its exact name, `latest`, or `latest~N`. Where several repositories have it, the first of the
 * cluster's. Those that are missing or not trusted are passed over by `latest`.
 *
 * @throws Failure snapshot-unknown, usage
 */
export async function snapshotNamed(
  { client }: Fleet,
  cluster: FleetCluster,
  word: string,
  { repository, isOnly }: Wanted = {},
): Promise<FleetSnapshot> {
  const params = { cluster: cluster.id };
  const query = repository === undefined ? {} : { repository };
  const all = await Array.fromAsync(client.pages('listSnapshots', { params, query }));
  const [, back] = /^latest(?:~(\d+))?$/.exec(word) ?? [word, word];
  const found = back === word ? all.filter(({ name }) => name === word) : newest(all, Number(back ?? 0));
  const places = found.map((each) => each.repository);
  if (isOnly === true && places.length > 1)
    throw new Failure('usage', `${word} is in ${places.join(' and ')}: name one with --repo`);
  const rank = (each: FleetSnapshot): number =>
    (cluster.repositories.indexOf(each.repository) + 1 || 500) + (each.missing ? 1_000 : 0);
  const [first] = found.toSorted((one, other) => rank(one) - rank(other));
  if (first !== undefined) return first;
  const why =
    back === word
      ? `cluster ${cluster.name} has none of this name`
      : `cluster ${cluster.name} has ${new Set(all.map(({ name }) => name)).size}`;
  throw new Failure('snapshot-unknown', why, { snapshot: word });
}

/** The N-th newest in every repository that has it. */
function newest(all: readonly FleetSnapshot[], back: number): FleetSnapshot[] {
  const sound = all.filter(({ missing, trusted }) => trusted && !missing);
  const names = [...new Set(sound.map(({ name }) => name))];
  return sound.filter(({ name }) => name === names[back]);
}
