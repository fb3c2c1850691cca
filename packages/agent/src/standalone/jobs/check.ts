import { Failure, isFailure } from '@holdfast/base';
import { checkRepository, type RepositoryCheck } from '@holdfast/engine';
import type { Policy } from '@holdfast/model';
import type { JobPorts } from '../ports.ts';
import type { JobEnd, Known } from '../work.ts';
import { contextOf } from './context.ts';

/**
 * Reads again what each repository of a policy holds: the newest and a part of the rest, another one each day. Damage
 * anywhere counts before a repository that does not answer.
 */
export async function check(
  ports: JobPorts,
  policy: Policy,
  known: Known,
  signal: AbortSignal,
): Promise<JobEnd> {
  const notes: string[] = [];
  const warnings: string[] = [];
  const failures: Failure[] = [];
  for (const { repository: name } of policy.targets) {
    signal.throwIfAborted();
    try {
      const repository = await ports.open(name, signal);
      const request = { read: 'sample', open: false, memory: ports.memory } as const;
      const found = await checkRepository(contextOf(ports, signal), repository, request);
      const wrong = findingsOf(found, known[name]?.clusterId ?? null);
      notes.push(`${name}: ${found.read.names.length} read again`);
      warnings.push(...wrong.map(({ why, path }) => `${path ?? name}: ${why}`));
      const [first] = wrong;
      if (first !== undefined) {
        const why = wrong.length === 1 ? first.why : `${first.why}, and ${wrong.length - 1} more findings`;
        failures.unshift(new Failure('repository-damaged', why, { repository: name }));
      }
    } catch (error) {
      if (!isFailure(error) || signal.aborted) throw error;
      warnings.push(`${name} was not checked: ${error.message}: ${error.why}`);
      failures.push(error);
    }
  }
  const [failure = null] = failures;
  return { outcome: failure === null ? 'ok' : 'failed', failure, note: notes.join('; '), warnings };
}

/** What is about another cluster is its own policies' to tell. */
function findingsOf({ findings }: RepositoryCheck, clusterId: string | null): RepositoryCheck['findings'] {
  return findings.filter(
    (each) => clusterId === null || each.clusterId === null || each.clusterId === clusterId,
  );
}
