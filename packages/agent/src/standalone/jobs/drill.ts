import { Failure, formatDuration, isFailure } from '@holdfast/base';
import { runDrill } from '@holdfast/engine';
import type { Policy } from '@holdfast/model';
import type { JobPorts, OpenRepository } from '../ports.ts';
import type { DrillEnd, Known } from '../work.ts';
import { contextOf } from './context.ts';
import { isVerified, newestOf } from './look.ts';
import { ownSnapshots, type Entry } from './own.ts';

/**
 * Restores the newest verified snapshot of a policy into a throw-away etcd, from the first of its repositories that has one.
 *
 * @throws Failure snapshot-missing; why the repositories cannot be read; as runDrill; the signal's reason
 */
export async function drill(
  ports: JobPorts,
  policy: Policy,
  known: Known,
  signal: AbortSignal,
): Promise<DrillEnd> {
  const { name, repository, entry } = await chosen(ports, policy, known, signal);
  const auth = await ports.credentials();
  const report = await runDrill(contextOf(ports, signal), {
    ...{ name: entry.name, cluster: entry.cluster.id, repository },
    program: ports.etcdProgram,
    stateDir: ports.stateDir,
    ...(auth !== undefined && { auth }),
  });
  const { failed, times, snapshot } = report;
  if (failed !== null) {
    // A program that is missing, or is of another version, says nothing of the snapshot.
    const failure =
      failed.code === 'etcd-program-missing'
        ? new Failure('etcd-program-missing', failed.reason, { program: ports.etcdProgram })
        : new Failure('drill-failed', `${failed.check}: ${failed.reason}`, { name: entry.name });
    return { outcome: 'failed', failure, note: '', warnings: [], drilled: {} };
  }
  const took = times.totalMs === null ? '' : ` within ${formatDuration(times.totalMs)}`;
  const note = `${snapshot.name} of ${name} came to life${took}`;
  return { outcome: 'ok', failure: null, note, warnings: [], drilled: { [name]: snapshot.takenAt } };
}

interface Chosen {
  readonly name: string;
  readonly repository: OpenRepository;
  readonly entry: Entry;
}

async function chosen(ports: JobPorts, policy: Policy, known: Known, signal: AbortSignal): Promise<Chosen> {
  let failure: Failure | undefined;
  for (const { repository: name } of policy.targets) {
    try {
      const repository = await ports.open(name, signal);
      const clusterId = known[name]?.clusterId ?? null;
      const own = await ownSnapshots(ports, repository, { policy, clusterId }, signal);
      const entry = newestOf(own.filter(isVerified));
      if (entry !== undefined) return { name, repository, entry };
    } catch (error) {
      if (!isFailure(error) || signal.aborted) throw error;
      failure ??= error;
    }
  }
  throw (
    failure ??
    new Failure('snapshot-missing', `policy ${policy.name} has none that is verified`, { name: 'latest' })
  );
}
