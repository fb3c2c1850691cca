import type { EtcdClient } from '@holdfast/etcd/client';
import type { VerbContext } from '../context.ts';
import { checkCluster } from './cluster-checks.ts';
import { examineEndpoint, type ExaminedEndpoint } from './endpoint-checks.ts';
import { checkMachine } from './machine-checks.ts';
import { failureOnly, Findings, type DoctorReport } from './report.ts';
import { checkRepository, type RepositoryToOpen } from './repository-checks.ts';

export interface DoctorRequest {
  /** The repository, if there is one to look at; what opening it throws is a finding. */
  readonly repository?: RepositoryToOpen;
  /** Makes the client of the etcd to look at, if there is one; what it throws is a finding. */
  readonly etcd?: () => Promise<EtcdClient>;
}

/**
 * Looks at everything that a save and a restore need, and says of each fault what it is and what to do. Changes nothing
 * (a probe file is written to the repository and removed) and fails for nothing: faults are the answer.
 */
export async function doctor(context: VerbContext, request: DoctorRequest): Promise<DoctorReport> {
  const machine = checkMachine();
  const { findings: etcd, dbSize } = await checkEtcd(context, request.etcd);
  const repository = await checkRepository(context, request.repository, dbSize);
  context.signal.throwIfAborted();
  return { checks: [machine, repository, ...etcd].flatMap((each) => each.checks) };
}

async function checkEtcd(
  context: VerbContext,
  etcd: DoctorRequest['etcd'],
): Promise<{ findings: Findings[]; dbSize: number }> {
  const findings = new Findings('etcd');
  if (etcd === undefined) {
    findings.skipped('endpoints', 'none are set');
    return { findings: [findings], dbSize: 0 };
  }
  let client: EtcdClient | undefined;
  try {
    client = await etcd();
    const examined = await Promise.all(client.endpoints.map(examineWith(context, client)));
    const sizes = examined.map((each) => each.status?.dbSize ?? 0);
    const cluster = checkCluster(examined);
    return { findings: [...examined.map((each) => each.findings), cluster], dbSize: Math.max(0, ...sizes) };
  } catch (error) {
    findings.failure('connect', failureOnly(error));
    return { findings: [findings], dbSize: 0 };
  } finally {
    await client?.[Symbol.asyncDispose]();
  }
}

function examineWith(
  context: VerbContext,
  client: EtcdClient,
): (endpoint: string) => Promise<ExaminedEndpoint> {
  return async (endpoint) => await examineEndpoint(context, client, endpoint);
}
