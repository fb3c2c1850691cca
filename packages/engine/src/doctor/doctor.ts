import type { EtcdClient } from '@holdfast/etcd/client';
import type { Policy } from '@holdfast/model';
import type { VerbContext } from '../context.ts';
import { checkCertificateFile, type CertificateFile } from './certificate-checks.ts';
import { checkCluster } from './cluster-checks.ts';
import { examineEndpoint, type ExaminedEndpoint } from './endpoint-checks.ts';
import { checkMachine } from './machine-checks.ts';
import { checkPolicies } from './policy-checks.ts';
import { readinessOf } from './readiness.ts';
import { readinessFacts } from './readiness-facts.ts';
import { failureOnly, Findings, type DoctorReport } from './report.ts';
import { checkRepository, type ExaminedRepository, type RepositoryToOpen } from './repository-checks.ts';

export interface DoctorRequest {
  /** The repositories to look at; what opening one throws is a finding. */
  readonly repositories: readonly RepositoryToOpen[];
  /** Makes the client of the etcd to look at, if there is one; what it throws is a finding. */
  readonly etcd?: () => Promise<EtcdClient>;
  /** The certificates of its settings. */
  readonly certificates?: readonly CertificateFile[];
  /** Reads the policies, if there are any; what it throws is a finding. */
  readonly policies?: () => Promise<readonly Policy[]>;
  /** Where the reports of drills are. */
  readonly stateDir?: string;
}

/**
 * Looks at everything that a save and a restore need, and says of each fault what it is and what to do. Changes nothing
 * (a probe is written to each repository and removed) and fails for nothing: faults are the answer.
 */
export async function doctor(context: VerbContext, request: DoctorRequest): Promise<DoctorReport> {
  const machine = await checkMachine();
  const certificates = new Findings('certificates');
  for (const file of request.certificates ?? [])
    checkCertificateFile(certificates, file, context.clock.now());
  const { findings: etcd, dbSize } = await checkEtcd(context, request.etcd);
  const repositories = await checkRepositories(context, request.repositories, dbSize);
  const { findings: policyFindings, policies } = await checkPolicyFile(context, request, repositories);
  context.signal.throwIfAborted();
  const repositoryFindings = repositories.map(({ findings }) => findings);
  const all = [machine, certificates, ...repositoryFindings, ...policyFindings, ...etcd];
  const checks = all.flatMap((each) => each.checks);
  if (request.repositories.length === 0) return { checks, readiness: null };
  const facts = await readinessFacts({
    repositories,
    policies,
    stateDir: request.stateDir,
    now: context.clock.now(),
  });
  return { checks, readiness: readinessOf(facts) };
}

async function checkRepositories(
  context: VerbContext,
  wanted: readonly RepositoryToOpen[],
  dbSize: number,
): Promise<ExaminedRepository[]> {
  if (wanted.length > 0)
    return await Promise.all(wanted.map((each) => checkRepository(context, each, dbSize)));
  const findings = new Findings('repository');
  findings.skipped('repository', 'none is set');
  return [{ name: 'repository', findings, seen: undefined, isElsewhere: undefined }];
}

async function checkPolicyFile(
  context: VerbContext,
  request: DoctorRequest,
  repositories: readonly ExaminedRepository[],
): Promise<{ findings: Findings[]; policies: readonly Policy[] | undefined }> {
  if (request.policies === undefined) return { findings: [], policies: undefined };
  try {
    const policies = await request.policies();
    const seen = repositories.flatMap((each) => each.seen ?? []);
    return { findings: await checkPolicies(policies, seen, context.clock.now()), policies };
  } catch (error) {
    const findings = new Findings('policies');
    findings.failure('policy file', failureOnly(error));
    return { findings: [findings], policies: undefined };
  }
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
