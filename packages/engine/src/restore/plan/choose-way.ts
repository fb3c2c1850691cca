import { Failure } from '@holdfast/base';
import { startWords, survivorsOf, type RestorePlan, type Triage } from '@holdfast/model';
import { byReplacing } from './choose-replaced.ts';
import { notDescribed, type ChosenWay } from './chosen-way.ts';
import type { PlanRequest } from './request.ts';
import type { FoundCluster } from './triage-cluster.ts';

/**
 * Takes the way that a person asks for, else the best one. Where a restore would make things worse there is none unless
 * it is asked for.
 *
 * @throws Failure restore-unneeded, restore-impossible, usage
 */
export function chooseWay(request: PlanRequest, found: FoundCluster): ChosenWay {
  const way = request.way ?? advisedWay(request, found);
  if (way === 'snapshot') return bySnapshot(request, found);
  return way === 'salvage' ? bySalvage(request, found) : byReplacing(request, found);
}

/** What the request alone shows. @throws Failure usage */
export function refuseContradictions({ way, snapshot, file, survivor, replace = [] }: PlanRequest): void {
  const stored = snapshot ?? file;
  if (snapshot !== undefined && file !== undefined) {
    throw new Failure(
      'usage',
      `both snapshot ${snapshot} and file ${file} are named, and one can be restored`,
    );
  }
  if (stored !== undefined && (way === 'salvage' || way === 'replace')) {
    throw new Failure('usage', `${stored} is named, and the way ${way} takes no snapshot`);
  }
  if (replace.length > 0 && way !== 'replace') {
    throw new Failure('usage', `${replace.join(', ')} is to be replaced, and that is the way replace`);
  }
  if (survivor !== undefined && way !== undefined && way !== 'salvage') {
    throw new Failure('usage', `${survivor} is named as survivor, and the way ${way} takes none`);
  }
  if (survivor !== undefined && stored !== undefined) {
    throw new Failure('usage', `both survivor ${survivor} and ${stored} are named, and one can be restored`);
  }
}

function advisedWay(
  { description, snapshot, file, survivor }: PlanRequest,
  found: FoundCluster,
): RestorePlan['way'] {
  const { verdict, why, ways } = found.triage;
  const cluster = description.name;
  if (verdict === 'nothing') {
    throw new Failure('restore-impossible', `${why}: ${found.noSnapshot}`, { cluster });
  }
  if (verdict === 'healthy' || verdict === 'minority-lost' || verdict === 'stopped') {
    const better = ways.find(({ recommended }) => recommended);
    const instead = better === undefined ? '' : `; instead, ${insteadOf(better, description.members)}`;
    throw new Failure('restore-unneeded', `${why}${instead}`, {
      cluster,
      verdict,
      better: better?.way ?? null,
    });
  }
  if (survivor !== undefined) return 'salvage';
  if (snapshot !== undefined || file !== undefined) return 'snapshot';
  const advised = ways.find(({ recommended }) => recommended)?.way;
  return advised === 'salvage' ? 'salvage' : 'snapshot';
}

/** The better way as something to be done, with its command. */
function insteadOf(
  { way, members }: Triage['ways'][number],
  described: PlanRequest['description']['members'],
): string {
  if (way === 'replace') return `replace ${members.join(', ')} (--way replace)`;
  if (way === 'objects') return 'put back the objects that are missed: kubectl apply -f OBJECTS';
  const commands = described
    .filter(({ name }) => members.includes(name))
    .map(({ name, run }) => `${startWords(run).join(' ')} (on ${name})`);
  return `start what is stopped: ${commands.join(', ')}`;
}

function bySnapshot({ description }: PlanRequest, { triage, snapshot, noSnapshot }: FoundCluster): ChosenWay {
  if (snapshot === null) {
    const why = `there is no snapshot to restore from: ${noSnapshot}`;
    throw new Failure('restore-impossible', why, { cluster: description.name });
  }
  const { name, revision, takenAt } = snapshot;
  const taken = takenAt === null ? '' : ` of ${takenAt}`;
  return { way: 'snapshot', why: `${triage.why}; from ${name}${taken} at revision ${revision}`, members: [] };
}

function bySalvage({ description, survivor }: PlanRequest, { triage, members }: FoundCluster): ChosenWay {
  const survivors = survivorsOf(members);
  const chosen = survivor === undefined ? survivors[0] : survivors.find(({ name }) => name === survivor);
  if (chosen === undefined) {
    const named = members.find(({ name }) => name === survivor);
    if (survivor !== undefined && named === undefined) throw notDescribed(survivor);
    const why =
      named === undefined
        ? 'no data of any member can be read'
        : `the data of ${named.name} is ${named.sight.data}${named.sight.dataFault && `: ${named.sight.dataFault}`}`;
    throw new Failure('restore-impossible', why, { cluster: description.name });
  }
  const why = `${triage.why}; from the data of ${chosen.name} at revision ${chosen.sight.revision ?? 0}`;
  return { way: 'salvage', why, members: [chosen.name] };
}
