import { formatBytes, isFailure, limits, type Failure } from '@holdfast/base';
import type { EtcdClient, MemberStatus } from '@holdfast/etcd/client';
import type { VerbContext } from '../context.ts';
import { checkServerCertificate } from './certificate-checks.ts';
import { knownFaults } from './known-faults.ts';
import { portIsOpen } from './port.ts';
import { failureOnly, Findings } from './report.ts';

/** What one endpoint showed, and what the whole cluster is then judged by. */
export interface ExaminedEndpoint {
  readonly endpoint: string;
  readonly findings: Findings;
  /** Undefined when it does not answer. */
  readonly status?: MemberStatus;
  /** Members of the cluster as this one knows them. */
  readonly members: number;
}

/** etcd's default for --quota-backend-bytes; beyond it the member raises NOSPACE and refuses writes. */
const defaultQuotaBytes = 2 * 1024 ** 3;

/** Asks one endpoint everything that a save needs of it, from the connection to the first bytes of a snapshot. */
export async function examineEndpoint(
  context: VerbContext,
  client: EtcdClient,
  endpoint: string,
): Promise<ExaminedEndpoint> {
  const findings = new Findings(endpoint);
  const started = context.clock.monotonic();
  const none = { endpoint, findings, members: 0 };
  const status = await client.status(endpoint).catch(failureOnly);
  if (isFailure(status)) {
    await explainSilence(findings, context, endpoint, status);
    return none;
  }
  const ms = Math.round(context.clock.monotonic() - started);
  findings.ok(
    'connect',
    `answers in ${ms} ms${endpoint.startsWith('https:') ? ', over trusted TLS' : ', without TLS'}`,
  );
  await checkServerCertificate(findings, endpoint, context.clock);
  checkVersion(findings, status);
  const linearizable = await checkLogin(findings, client, endpoint);
  if (linearizable === undefined) return { ...none, status };
  checkStatus(findings, status, linearizable);
  const listed = await client.memberList(endpoint).catch(failureOnly);
  const members = isFailure(listed) ? 0 : listed.length;
  checkKnownFaults(findings, status, members);
  await checkStream(findings, context, client, endpoint);
  return { endpoint, findings, status, members };
}

/** Why a member gave no status: network, TLS and login each have their own fix. */
async function explainSilence(
  findings: Findings,
  { clock }: VerbContext,
  endpoint: string,
  failure: Failure,
): Promise<void> {
  if (failure.code === 'etcd-tls') return findings.failure('tls', failure);
  if (failure.code === 'etcd-auth') return findings.failure('login', failure);
  if (failure.code !== 'etcd-unreachable' || !(await portIsOpen(endpoint, clock))) {
    return findings.failure('connect', failure);
  }
  const fix =
    "Check that member's log, disk and load. Where a login is needed, a lost quorum looks like this too.";
  findings.failed('answer', `the port is open, but: ${failure.why}`, 'health', fix);
}

/** The release lines that Holdfast is tested with. */
function checkVersion(findings: Findings, { version }: MemberStatus): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 3 && minor >= 4 && minor <= 7) findings.ok('version', `etcd ${version}`);
  else findings.warning('version', `etcd ${version}`, 'setup', 'Holdfast is tested with etcd 3.4 to 3.7.');
}

function checkKnownFaults(findings: Findings, { version }: MemberStatus, members: number): void {
  const faults = knownFaults(version, members);
  if (faults.length === 0) return findings.ok('known faults', `none of etcd ${version}`);
  const found = faults.map(
    ({ what, fixedIn, issue }) => `${what} (etcd issue ${issue}, mended in ${fixedIn})`,
  );
  const fix = `Save and verify a snapshot, then upgrade to the newest release of etcd ${version.replace(/\.\d+(?:-.*)?$/, '')}.`;
  const isGrave = faults.some(({ grave }) => grave);
  const [text, kind] = [found.join('; '), isGrave ? 'data' : 'setup'] as const;
  if (isGrave) findings.failed('known faults', text, kind, fix);
  else findings.warning('known faults', text, kind, fix);
}

/** Whether the member lets this user in, and is part of a quorum; undefined when it does not let anybody in. */
async function checkLogin(
  findings: Findings,
  client: EtcdClient,
  endpoint: string,
): Promise<boolean | undefined> {
  try {
    return await client.linearizableRead(endpoint);
  } catch (error) {
    findings.failure('login', failureOnly(error));
    return undefined;
  }
}

function checkStatus(findings: Findings, status: MemberStatus, linearizable: boolean): void {
  const role = status.isLearner ? 'a learner' : status.isLeader ? 'the leader' : 'a follower';
  if (linearizable) findings.ok('quorum', `${role}; a linearizable read came back`);
  else if (status.isLearner)
    findings.ok('quorum', 'a learner, which has no vote; snapshots are taken from others');
  else {
    const fix = 'Bring members back until more than half of them answer.';
    findings.failed('quorum', 'a linearizable read did not come back', 'health', fix);
  }
  const share = Math.round((status.dbSize / defaultQuotaBytes) * 100);
  const size = `${formatBytes(status.dbSize)}, ${formatBytes(status.dbSizeInUse)} in use`;
  const found = `${size}: ${share}% of etcd's default quota`;
  if (share < 80) findings.ok('database', found);
  else
    findings.warning(
      'database',
      found,
      'disk space',
      'Compact and defragment, or raise --quota-backend-bytes.',
    );
}

/** Begins a snapshot and stops at its first bytes: the only way to know that this user may take one. */
async function checkStream(
  findings: Findings,
  context: VerbContext,
  client: EtcdClient,
  endpoint: string,
): Promise<void> {
  const begun = new AbortController();
  const late = context.clock.sleep(limits.etcdCallMs, begun.signal).then(
    () => begun.abort('late'),
    () => undefined,
  );
  let bytes = 0;
  try {
    await client.snapshot(
      endpoint,
      (chunk) => {
        bytes += chunk.length;
        begun.abort();
      },
      AbortSignal.any([begun.signal, context.signal]),
    );
  } catch (error) {
    context.signal.throwIfAborted();
    if (bytes === 0 && !begun.signal.aborted) return streamRefused(findings, failureOnly(error));
  } finally {
    begun.abort();
    await late;
  }
  if (bytes > 0) return findings.ok('snapshot', 'the stream begins');
  const found = `no bytes within ${limits.etcdCallMs} ms`;
  findings.failed('snapshot', found, 'health', "Check that member's disk and load.");
}

/** A member that answers everything else and gives no snapshot does not like who asks. */
function streamRefused(findings: Findings, failure: Failure): void {
  if (failure.code !== 'etcd-refused') return findings.failure('snapshot', failure);
  const fix =
    'Give a --user that has the root role; without one, etcd may take the name in the client certificate.';
  findings.failed('snapshot', failure.why, 'credentials', fix);
}
