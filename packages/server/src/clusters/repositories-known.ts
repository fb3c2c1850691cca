import { Failure } from '@holdfast/base';
import type { Tables } from '../store/store.ts';

/** Looks whether all of these are repositories of the fleet. @throws Failure repository-unknown with the first that is not */
export async function expectRepositories(
  { repositories }: Pick<Tables, 'repositories'>,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const known = new Set((await repositories.all()).map(({ name }) => name));
  const repository = names.find((name) => !known.has(name));
  if (repository !== undefined)
    throw new Failure('repository-unknown', 'the request names it', { repository });
}
