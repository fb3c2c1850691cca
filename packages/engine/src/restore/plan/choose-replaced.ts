import { Failure } from '@holdfast/base';
import { oldCluster, undescribed } from '@holdfast/model';
import { notDescribed, type ChosenWay } from './chosen-way.ts';
import type { PlanRequest } from './request.ts';
import type { FoundCluster } from './triage-cluster.ts';

/**
 * Who is replaced: the members that are named, else the lost ones. The others must be a quorum all the while.
 *
 * @throws Failure usage, restore-unneeded, restore-impossible
 */
export function byReplacing({ description, replace = [] }: PlanRequest, found: FoundCluster): ChosenWay {
  const { triage } = found;
  const cluster = description.name;
  const lost = triage.ways.find(({ way }) => way === 'replace');
  if (triage.verdict !== 'healthy' && lost === undefined) {
    throw new Failure('restore-impossible', `${triage.why}, so no quorum gives new members their data`, {
      cluster,
    });
  }
  refuseStrangers(found);
  if (replace.length > 0) return byName(replace, found);
  if (lost !== undefined) {
    refuseOut(found, lost.members, (out) => {
      const all = [...lost.members, ...out].map((name) => `--replace ${name}`);
      return `name all who are to be replaced: ${all.join(' ')}`;
    });
    return { way: 'replace', why: `${triage.why}; ${lost.why}`, members: lost.members };
  }
  const why = `${triage.why}, and nobody is to be replaced; one that answers and is to be replaced all the same is named with --replace`;
  throw new Failure('restore-unneeded', why, { cluster });
}

/** A member may answer and be worth nothing: its alarm says CORRUPT, its disk fails, its machine is to go. */
function byName(names: readonly string[], found: FoundCluster): ChosenWay {
  const { members, triage } = found;
  const stranger = names.find((name) => !members.some((each) => each.name === name));
  if (stranger !== undefined) throw notDescribed(stranger);
  refuseOut(found, names, () => 'name it with --replace too');
  const staying = members.filter(({ name }) => !names.includes(name));
  const old = oldCluster(members);
  const left = staying.filter((each) => old.hasVote(each)).length;
  if (left < old.quorum) {
    const why = `without ${names.join(', ')} only ${left} of ${old.voters} members would be left, and a quorum is ${old.quorum}`;
    throw new Failure('usage', why);
  }
  return { way: 'replace', why: `${triage.why}; ${names.join(', ')} is replaced on request`, members: names };
}

/** Members are replaced one after another, and each asks a quorum of those that stay. */
function refuseOut(
  { members }: FoundCluster,
  replaced: readonly string[],
  orElse: (out: readonly string[]) => string,
): void {
  const out = members
    .filter(({ name, sight }) => !replaced.includes(name) && !sight.inQuorum)
    .map(({ name }) => name);
  if (out.length === 0) return;
  const who = `${out.join(', ')} would stay and is not in the quorum`;
  throw new Failure('usage', `${who}: start it, or ${orElse(out)}`);
}

/** Whether all agree in the end can be asked only of a cluster whose members are all described. */
function refuseStrangers({ members }: FoundCluster): void {
  const { strangers } = undescribed(members);
  if (strangers.length === 0) return;
  const names = strangers.map(({ id, name }) => (name === '' ? id : name)).join(', ');
  throw new Failure('usage', `the cluster has ${names} too, which the description must name as well`);
}
