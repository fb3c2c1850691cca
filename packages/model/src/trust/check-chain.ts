import {
  chainFaults,
  type ChainFinding,
  type ChainHead,
  type FoundManifest,
  type RemovedManifest,
} from './chain-finding.ts';
import { gaps, nameOf, type Link } from './gaps.ts';

/** A manifest that says it is one of this cluster. */
type Own = FoundManifest & { readonly says: NonNullable<FoundManifest['says']> };

/**
 * Checks the chains of all writers of a cluster: every manifest is where it belongs, is the one that its successor
 * names, and none is gone without a reason. That the newest ones of a chain are gone cannot be seen from what is left;
 * `heads`, kept by somebody who has seen them ({@link chainHeads}), show it.
 *
 * @param cluster id of the cluster whose folder it is
 * @param found every manifest of that folder, in any order
 * @returns nothing when all is well
 */
export function checkChain(
  cluster: string,
  found: readonly FoundManifest[],
  known: { readonly removed: readonly RemovedManifest[]; readonly heads: readonly ChainHead[] },
): ChainFinding[] {
  const own = ownOf(cluster, found);
  const links: Link[] = [
    ...own.map(({ folder, sha256, says }) => ({ ...says, sha256, folder })),
    ...known.removed,
  ];
  const findings = [
    ...misplaced(cluster, found),
    ...repeated(own),
    ...disordered(own, links),
    ...gaps(found, links),
    ...beyondHeads(links, known.heads),
  ];
  const unique = new Map(findings.map((each) => [`${each.fault} ${each.names.join(' ')} ${each.why}`, each]));
  return [...unique.entries()]
    .sort(([a, one], [b, other]) => rank(one) - rank(other) || (a < b ? -1 : 1))
    .map(([, finding]) => finding);
}

/**
 * The newest manifest of each writer of a cluster, be it there or removed: what a client keeps, to notice later that the
 * chain was cut.
 */
export function chainHeads(
  cluster: string,
  found: readonly FoundManifest[],
  removed: readonly RemovedManifest[] = [],
): ChainHead[] {
  const links = [...ownOf(cluster, found).map(({ sha256, says }) => ({ ...says, sha256 })), ...removed];
  const newest = new Map<string | null, number>();
  for (const { writer, sequence } of links) newest.set(writer, Math.max(sequence, newest.get(writer) ?? 0));
  const heads = links.filter(({ writer, sequence }) => sequence === newest.get(writer));
  const distinct = new Map(heads.map((each) => [each.sha256, each]));
  return [...distinct.values()].map(({ sha256, writer, sequence }) => ({ writer, sequence, sha256 }));
}

function ownOf(cluster: string, found: readonly FoundManifest[]): Own[] {
  return found.filter((each): each is Own => each.says?.cluster === cluster);
}

function rank(finding: ChainFinding): number {
  return chainFaults.indexOf(finding.fault);
}

/** What shows in a manifest by itself. */
function misplaced(cluster: string, found: readonly FoundManifest[]): ChainFinding[] {
  return found.flatMap(({ folder, says }): ChainFinding[] => {
    const names = [folder];
    if (says === null)
      return [{ fault: 'changed', names, why: `the manifest of ${folder} is not what its writer signed` }];
    if (says.cluster !== cluster)
      return [{ fault: 'foreign', names, why: `${folder} belongs to cluster ${says.cluster}` }];
    if (says.name !== folder)
      return [
        { fault: 'swapped', names, why: `in the folder of ${folder} lies the manifest of ${says.name}` },
      ];
    return [];
  });
}

/** One manifest, one number or one predecessor that stands twice. */
function repeated(own: readonly Own[]): ChainFinding[] {
  const copies = grouped(own, ({ sha256 }) => sha256).map((group): ChainFinding => ({
    fault: 'replayed',
    names: foldersOf(group),
    why: `one manifest, that of ${group[0]?.says.name}, lies in ${foldersOf(group).join(' and ')}`,
  }));
  const distinct = [...new Map(own.map((each) => [each.sha256, each])).values()];
  const forks = grouped(distinct, previousOf).map((group): ChainFinding => ({
    fault: 'forked',
    names: foldersOf(group),
    why: `${foldersOf(group).join(' and ')} ${group[0]?.says.previous ? `follow ${group[0].says.previous.name}` : 'are each the first'} of one writer: its key may be in two hands`,
  }));
  const numbers = grouped(distinct, ({ says }) => `${says.writer} ${says.sequence}`)
    .filter((group) => new Set(group.map(previousOf)).size > 1)
    .map((group): ChainFinding => ({
      fault: 'replayed',
      names: foldersOf(group),
      why: `${foldersOf(group).join(' and ')} bear one number, ${group[0]?.says.sequence} of ${nameOf(group[0]?.says.writer ?? null)}`,
    }));
  return [...copies, ...forks, ...numbers];
}

function previousOf({ says }: Own): string {
  return `${says.writer} ${says.previous?.sha256 ?? 'none'}`;
}

/** The groups of more than one. */
function grouped(own: readonly Own[], by: (each: Own) => string): Own[][] {
  return [...Map.groupBy(own, by).values()].filter((group) => group.length > 1);
}

function foldersOf(group: readonly Own[]): string[] {
  return group.map(({ folder }) => folder).sort();
}

/** Manifests whose predecessor is there, and cannot be the one before. Only their signer can make such. */
function disordered(own: readonly Own[], links: readonly Link[]): ChainFinding[] {
  const bySha256 = new Map(links.map((link) => [link.sha256, link]));
  return own.flatMap(({ folder, says }): ChainFinding[] => {
    const before = says.previous === null ? undefined : bySha256.get(says.previous.sha256);
    if (before === undefined || says.previous === null) return [];
    const { name } = says.previous;
    if (before.writer !== says.writer)
      return [
        { fault: 'reordered', names: [folder], why: `${folder} follows ${name}, which is of another writer` },
      ];
    if (before.sequence === says.sequence - 1) return [];
    const why = `${folder} is number ${says.sequence}, and follows ${name}, which is number ${before.sequence}`;
    return [{ fault: 'reordered', names: [folder], why }];
  });
}

/** What somebody has seen and is not there. A hole below the newest is found from its successor, see gaps. */
function beyondHeads(links: readonly Link[], heads: readonly ChainHead[]): ChainFinding[] {
  const there = new Set(links.map(({ sha256 }) => sha256));
  return heads.flatMap(({ writer, sequence, sha256 }): ChainFinding[] => {
    if (there.has(sha256)) return [];
    const chain = links.filter((link) => link.writer === writer);
    const same = chain.filter((link) => link.sequence === sequence);
    if (same.length > 0) {
      const names = same.flatMap(({ folder }) => folder ?? []).sort();
      const why = `number ${sequence} of ${nameOf(writer)} is another manifest than was seen before`;
      return [{ fault: 'changed', names, why }];
    }
    const newest = chain.reduce((most, link) => Math.max(most, link.sequence), 0);
    if (newest > sequence) return [];
    const left = newest === 0 ? 'none is there' : `the newest there is number ${newest}`;
    const why = `number ${sequence} of ${nameOf(writer)} was seen before, and ${left}`;
    return [{ fault: 'rolled-back', names: [], why }];
  });
}
