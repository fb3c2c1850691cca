import { formatBytes } from '@holdfast/base';
import type { PreviewedSnapshot, PrunedSnapshot, PruneResult, RetentionPreview } from '@holdfast/engine';
import { storedBytes } from '@holdfast/model';
import type { View } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';
import { stateWords } from './snapshot.ts';

type Decided = PreviewedSnapshot | PrunedSnapshot;

/** What a preview found or a prune did, as machines get it. */
export function retentionFields(found: RetentionPreview | PruneResult) {
  return {
    at: found.at.toISOString(),
    graceMs: found.graceMs,
    unreadable: found.damaged.length,
    items: found.snapshots.map(item),
  };
}

function item(each: Decided) {
  const { entry, concerned, reasons, goesAt } = each;
  const { manifest } = entry;
  return {
    name: entry.name,
    cluster: entry.cluster.name,
    clusterId: entry.cluster.id,
    takenAt: manifest.times.finishedAt,
    policy: manifest.policy,
    trigger: manifest.trigger,
    member: manifest.member.name,
    state: entry.state,
    storedSize: storedBytes(each.entry.manifest),
    concerned,
    ...('fate' in each
      ? { fate: each.fate }
      : {
          outcome: each.outcome,
          failure: each.failure && { code: each.failure.code, why: each.failure.why },
        }),
    goesAt: goesAt?.toISOString() ?? null,
    markedAt: entry.unwanted?.since ?? null,
    reasons,
  };
}

/** The names of what goes or is gone, or will. */
export function namesOfGoing(found: RetentionPreview | PruneResult): string[] {
  return found.snapshots.filter(({ goesAt }) => goesAt !== null).map(({ entry }) => entry.name);
}

/** Each snapshot with what becomes of it and why; those that are not the policy's only where everything is asked for. */
export function retentionText(found: RetentionPreview | PruneResult, view: View): string {
  const shown = found.snapshots.filter(({ concerned }) => concerned || view.wide);
  const others = found.snapshots.length - shown.length;
  const heads = ['NAME', 'CLUSTER', 'TAKEN', 'STATE', 'FATE', 'WHY'];
  const rows = shown.map((each) => row(each, view));
  const lines = [
    shown.length === 0
      ? 'No snapshot here is for this to decide on.\n'
      : table(view.wide ? [...heads, 'POLICY', 'MEMBER', 'STORED'] : heads, rows),
    others === 0
      ? ''
      : `${others} more ${others === 1 ? 'is' : 'are'} not for this to decide on (-o wide).\n`,
    found.damaged.length === 0
      ? ''
      : `${found.damaged.length} records cannot be read, and nothing of them is deleted: \`holdfast repo check\`.\n`,
  ];
  return lines.join('');
}

function row(each: Decided, view: View): string[] {
  const { entry, reasons } = each;
  const { manifest } = entry;
  const cells = [
    entry.name,
    entry.cluster.name,
    ago(manifest.times.finishedAt, view.now),
    stateWords(entry, view.style),
    fateWords(each, view),
    'failure' in each && each.failure !== null ? each.failure.why : reasons.join('; '),
  ];
  if (!view.wide) return cells;
  return [...cells, manifest.policy ?? '-', manifest.member.name, formatBytes(storedBytes(manifest))];
}

function fateWords(each: Decided, { style, utc }: View): string {
  const word = 'fate' in each ? each.fate : each.outcome;
  const when = each.goesAt === null ? '' : moment(each.goesAt.toISOString(), utc);
  if (word === 'kept') return style('good', 'kept');
  if (word === 'marked' || word === 'waits') return style('doubtful', `goes after ${when}`);
  if (word === 'deleted') return style('bad', 'fate' in each ? 'goes now' : 'deleted');
  if (word === 'gone') return style('bad', 'gone already');
  return style('doubtful', word === 'busy' ? 'in work by another' : 'failed');
}
