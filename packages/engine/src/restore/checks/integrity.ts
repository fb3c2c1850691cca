import { contentSha256, verifyContent, type SnapshotContent } from '../../content/index.ts';
import type { PlannedSnapshot } from '../planned-content.ts';
import type { Finding, Subject } from './request.ts';

/** P1: what is to be restored is whole. */
export async function checkIntegrity(subject: Subject): Promise<Finding> {
  const { source } = subject.plan;
  if (source.kind === 'quorum') {
    return { outcome: 'passed', detail: 'the data comes from the cluster that runs, which keeps it whole' };
  }
  if (source.kind === 'salvage') return survivingData(subject, source.member);
  const content = await subject.content();
  if (content === undefined) throw new Error('a restore from a snapshot has its content');
  const proven = subject.stored?.evidence.at(-1);
  return proven?.outcome === 'passed' && subject.stored?.state === 'verified'
    ? await sameBytes(subject, content, source, proven.at)
    : await whole(subject, content, source);
}

/** A verified snapshot needs no second look inside as long as not one byte of it has changed. */
async function sameBytes(
  { context }: Subject,
  content: SnapshotContent,
  { sha256, size }: PlannedSnapshot,
  provenAt: string,
): Promise<Finding> {
  const { sha256: found, size: done } = await contentSha256(context, content, 'verify', size);
  const evidence = { sha256: found, expected: sha256, size: done, provenAt };
  return found === sha256
    ? { outcome: 'passed', detail: `it was verified at ${provenAt}, and its SHA-256 is unchanged`, evidence }
    : { outcome: 'failed', detail: `its SHA-256 is ${found} and should be ${sha256}`, evidence };
}

async function whole(
  { context, stored }: Subject,
  content: SnapshotContent,
  { sha256, size }: PlannedSnapshot,
): Promise<Finding> {
  const { checks } = await verifyContent(context, content, {
    phase: 'verify',
    expected: { size, sha256 },
    hashKv: stored?.manifest.hashKv ?? null,
  });
  const failed = checks.filter((each) => each.outcome === 'failed');
  const evidence = { checks, sha256, size };
  if (failed.length > 0) {
    return { outcome: 'failed', detail: failed.map(({ detail }) => detail).join('; '), evidence };
  }
  return {
    outcome: 'passed',
    detail: 'its SHA-256, every page and every record were read and are right',
    evidence,
  };
}

function survivingData({ plan }: Subject, name: string): Finding {
  const sight = plan.members.find((member) => member.name === name)?.sight;
  if (sight === undefined)
    return { outcome: 'failed', detail: `${name} is not among the members of the plan` };
  const { data, dataFault, revision, appliedIndex, committedIndex, lastIndex, term } = sight;
  const evidence = { data, revision, appliedIndex, committedIndex, lastIndex, term };
  if (data !== 'readable') {
    const why = dataFault === '' ? `it is ${data}` : dataFault;
    return { outcome: 'failed', detail: `the data of ${name} cannot be read: ${why}`, evidence };
  }
  return { outcome: 'passed', detail: `the data of ${name} can be read, at revision ${revision}`, evidence };
}
