import { isFailure } from '@holdfast/base';
import type { RestoreCheck } from '@holdfast/model';
import type { SnapshotEntry } from '@holdfast/repository';
import { refuseUntrusted, type SnapshotContent } from '../../content/index.ts';
import type { VerbContext } from '../../context.ts';
import { plannedContent, plannedEntry } from '../planned-content.ts';
import { checkFreshness } from './freshness.ts';
import { checkIntegrity } from './integrity.ts';
import { checkLearners } from './learners.ts';
import { checkLogin } from './login.ts';
import { checkReach } from './reach.ts';
import type { Finding, Look, PreflightRequest, Subject } from './request.ts';
import { checkRightCluster } from './right-cluster.ts';
import { checkRoom } from './room.ts';
import { checkSafetyCopy } from './safety-copy.ts';
import { readSnapshotFacts, type SnapshotFacts } from './snapshot-facts.ts';
import { checkTime } from './time.ts';
import { checkTopology } from './topology.ts';
import { checkVersion } from './version.ts';

/** The checks of before, by the numbers of the list that they are from; the missing ones look at Kubernetes. */
const checks: readonly { readonly id: string; readonly what: string; readonly look: Look }[] = [
  { id: 'P1', what: 'integrity', look: checkIntegrity },
  { id: 'P2', what: 'right cluster', look: checkRightCluster },
  { id: 'P3', what: 'freshness', look: checkFreshness },
  { id: 'P4', what: 'version', look: checkVersion },
  { id: 'P5', what: 'learners and faulty versions', look: checkLearners },
  { id: 'P6', what: 'login', look: checkLogin },
  { id: 'P10', what: 'topology', look: checkTopology },
  { id: 'P11', what: 'disk and memory', look: checkRoom },
  { id: 'P12', what: 'clock', look: checkTime },
  { id: 'P13', what: 'reach', look: checkReach },
  { id: 'P15', what: 'safety copy', look: checkSafetyCopy },
];

/**
 * Makes every check of before a restore, one after another, and changes nothing. What a check cannot look at fails. A
 * failed one that the plan lets be skipped is told as skipped, with the reason.
 *
 * @throws the signal's reason; manifest-untrusted; file-unreadable and the like of the repository
 */
export async function preflight(context: VerbContext, request: PreflightRequest): Promise<RestoreCheck[]> {
  const { plan, repository } = request;
  const { source, cluster } = plan;
  let opening: Promise<SnapshotContent> | undefined;
  const content = async (): Promise<SnapshotContent | undefined> =>
    source.kind === 'snapshot'
      ? await (opening ??= plannedContent({ source, cluster }, repository))
      : undefined;
  let reading: Promise<SnapshotFacts | undefined> | undefined;
  const read = async (): Promise<SnapshotFacts | undefined> => {
    const opened = await content();
    return opened && (await readSnapshotFacts(opened, context.signal));
  };
  const facts = (): Promise<SnapshotFacts | undefined> => (reading ??= read());
  const stored = await storedSnapshot(request);
  const subject: Subject = { ...request, context, content, facts, stored };
  const made: RestoreCheck[] = [];
  for (const { id, what, look } of checks) {
    context.signal.throwIfAborted();
    const { evidence = {}, ...finding } = await found(look, subject);
    const reason = plan.skips.find(({ check }) => check === id)?.reason;
    const skipped = finding.outcome === 'failed' && reason !== undefined;
    made.push({ id, what, ...finding, evidence, ...(skipped && { outcome: 'skipped', reason }) });
  }
  return made;
}

/** A check that cannot be made has not passed. */
async function found(look: Look, subject: Subject): Promise<Finding> {
  try {
    return await look(subject);
  } catch (error) {
    subject.context.signal.throwIfAborted();
    if (!isFailure(error)) throw error;
    return { outcome: 'failed', detail: `${error.message}: ${error.why}`, evidence: { code: error.code } };
  }
}

async function storedSnapshot({ plan, repository }: PreflightRequest): Promise<SnapshotEntry | undefined> {
  const { source } = plan;
  if (source.kind !== 'snapshot' || repository === undefined) return undefined;
  const entry = await plannedEntry(source, repository);
  // No check, so that none can let it be skipped.
  if (entry !== undefined) refuseUntrusted(entry);
  return entry;
}
