import { Failure, formatBytes } from '@holdfast/base';
import type { PruneResult, RetainRequest, RetentionPreview } from '@holdfast/engine';
import type { Repository } from '@holdfast/repository';
import { withPolicyFile, withRepository } from '../program/options.ts';
import { givenKeeping, retentionOf, withKeeping, type KeepOptions } from '../program/retention-options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { chosenPlace } from '../sources/places.ts';
import { policyNamed, retentionFor } from '../sources/policy-named.ts';
import { openRepository } from '../sources/repository.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { confirm } from '../term/confirm.ts';
import { namesOfGoing, retentionFields, retentionText } from '../view/retention.ts';

interface PruneOptions extends KeepOptions {
  readonly policy?: string;
  readonly imported?: true;
  readonly now?: true;
  readonly dryRun?: true;
  readonly yes?: true;
}

export function addPrune(parent: Verb): void {
  const verb = parent.command('prune');
  verb
    .description('Delete what a policy does not keep, or old snapshots that were saved by hand.')
    .option('--policy <name>', 'by the rules of this policy, and only its snapshots')
    .option('--imported', 'also what was imported from other systems; never without this')
    .option('--now', 'do not wait a day between the mark and the deletion; not with --policy')
    .option('--dry-run', 'say what would go, and do nothing')
    .option('--yes', 'do not ask; for scripts')
    .example('What the policy would do', 'holdfast snapshot prune --policy nightly --repo offsite --dry-run')
    .example('By hand', 'holdfast snapshot prune --keep-last 5 --keep-within 30d --repo /backup')
    .remark(
      'The first run marks what goes, and a run a day later deletes it if nothing keeps it then; a mark of what is wanted again is taken off. Whatever the rules say, these stay: the newest verified snapshot of a cluster, pinned and locked ones, those from before a restore or an upgrade, and those of other policies. Without --policy only snapshots count that somebody saved by hand.',
    )
    .answers(async (session, options: PruneOptions) => pruneSnapshots(session, options));
  withRepository(withPolicyFile(withKeeping(verb)));
}

async function pruneSnapshots(session: Session, options: PruneOptions): Promise<Answer> {
  const request = await requestOf(session, options);
  const repository = await openRepository(session);
  const { previewRetention, prune } = await import('@holdfast/engine');
  const { context } = session;
  const preview = await previewRetention(context, repository, request);
  const same = { repository, policy: request.policy };
  if (options.dryRun === true) return pruneAnswer({ ...same, found: preview });
  const doomed = preview.snapshots.filter(({ fate }) => fate === 'deleted');
  if (doomed.length > 0 && options.yes !== true) await ask(session, preview);
  return pruneAnswer({ ...same, found: await prune(context, repository, request, preview) });
}

/** Shows the plan, and asks. @throws Failure `not-confirmed` */
async function ask(session: Session, preview: RetentionPreview): Promise<void> {
  session.clear();
  const doomed = preview.snapshots.filter(({ fate }) => fate === 'deleted');
  const lines = doomed.map(
    ({ entry, reasons }) => `  ${entry.name} of ${entry.cluster.name}: ${reasons.join('; ')}`,
  );
  await confirm(session.io, `This deletes:\n${lines.join('\n')}`, 'prune');
}

async function requestOf(session: Session, options: PruneOptions): Promise<RetainRequest> {
  const { policy: name, imported = false, now = false } = options;
  const byFlags = retentionOf(options);
  const { cluster } = session.settings;
  if (name === undefined) {
    const why = 'it needs --policy, or what is to be kept, such as --keep-last 5';
    if (byFlags === undefined) throw new Failure('usage', why);
    return { policy: null, retention: byFlags, cluster, imported, ...(now && { graceMs: 0 }) };
  }
  const [own] = givenKeeping(options);
  if (own !== undefined) throw new Failure('usage', `what --policy keeps is said by the policy: no ${own}`);
  if (now) throw new Failure('usage', '--now is for what no policy has: a policy always waits a day');
  const policy = await policyNamed(session, name);
  const { name: place } = chosenPlace(session);
  return {
    policy: name,
    retention: retentionFor(session, policy, place),
    cluster: cluster ?? policy.cluster,
    imported,
  };
}

function pruneAnswer({
  repository,
  policy,
  found,
}: {
  readonly repository: Repository;
  readonly policy: string | null;
  readonly found: RetentionPreview | PruneResult;
}): Answer {
  const failure = 'cleared' in found ? found.snapshots.find((each) => each.failure !== null)?.failure : null;
  return {
    json: {
      apiVersion,
      kind: 'SnapshotPrune',
      repository: repository.location,
      policy,
      dryRun: !('cleared' in found),
      ...retentionFields(found),
      ...('cleared' in found && { freedBytes: found.freedBytes, cleared: found.cleared }),
    },
    names: namesOfGoing(found),
    text: (view) => `${retentionText(found, view)}${summary(found, view)}`,
    ...(failure && { failure }),
  };
}

function summary(found: RetentionPreview | PruneResult, { style }: View): string {
  if (!('cleared' in found)) return 'Nothing was done.\n';
  const count = (...outcomes: string[]): number =>
    found.snapshots.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const cleared = found.cleared.map(({ name }) => `Cleared away what an earlier removal left of ${name}.\n`);
  const failed = count('failed') === 0 ? '' : style('bad', `, failed ${count('failed')}`);
  return `${cleared.join('')}Deleted ${count('deleted')} (${formatBytes(found.freedBytes)}), ${count('marked', 'waits')} to go later${failed}.\n`;
}
