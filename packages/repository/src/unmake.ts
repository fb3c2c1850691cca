import { Failure } from '@holdfast/base';
import { repositoryKey } from './layout.ts';
import type { Repository } from './repository.ts';

/**
 * Takes back a repository that the caller has just made and that nobody uses: neither a cluster nor a key list is there.
 * Secret keys that no list names go with it.
 *
 * @throws repository-exists when somebody uses it; what the storage throws
 */
export async function unmakeRepository({ storage }: Repository): Promise<void> {
  const secrets: string[] = [];
  for await (const { key } of storage.list('')) {
    if (key === repositoryKey) continue;
    if (!/^keys\/secret-[^/]+$/.test(key)) {
      throw new Failure('repository-exists', `it is used: ${key} is there`, { repository: storage.location });
    }
    secrets.push(key);
  }
  for (const key of secrets) await storage.delete(key);
  await storage.delete(repositoryKey);
}
