import type { ChainFinding, FoundManifest, RemovedManifest } from './chain-finding.ts';

/** A link of a chain: a manifest that is there, or the record of one that was removed. */
export interface Link extends RemovedManifest {
  /** Where the manifest lies; undefined for one that was removed. */
  readonly folder?: string;
}

/** Goes from every link to the one before it, and tells where none is there: changed when another one is, else missing. */
export function gaps(found: readonly FoundManifest[], links: readonly Link[]): ChainFinding[] {
  const there = new Set(links.map(({ sha256 }) => sha256));
  const unreadable = new Set(found.flatMap(({ folder, says }) => (says === null ? folder : [])));
  return links.flatMap((link): ChainFinding[] => {
    if (link.previous === null || there.has(link.previous.sha256)) return [];
    const { name } = link.previous;
    const changed = links.filter(
      (each) =>
        each.folder !== undefined && each.writer === link.writer && each.sequence === link.sequence - 1,
    );
    if (changed.length > 0) {
      const why = `number ${link.sequence - 1} of ${nameOf(link.writer)} is another manifest than the one that its successor names`;
      return [{ fault: 'changed', names: changed.flatMap(({ folder }) => folder ?? []).sort(), why }];
    }
    // One that cannot be read is reported as changed; what is gone before it is still missing.
    const to = link.sequence - (unreadable.has(name) ? 2 : 1);
    const from = 1 + newestBefore(link, links);
    if (from > to) return unreadable.has(name) ? [] : [missing(link, [name], to, to)];
    return [missing(link, unreadable.has(name) ? [] : [name], from, to)];
  });
}

function missing({ writer }: Link, names: string[], from: number, to: number): ChainFinding {
  const of = `of ${nameOf(writer)}`;
  const which = from === to ? `number ${to} ${of} is` : `numbers ${from} to ${to} ${of} are`;
  return { fault: 'missing', names, why: `${which} gone, and no removal explains it` };
}

/** A writer in words: its key. */
export function nameOf(writer: string | null): string {
  return writer ?? 'the writers without a key';
}

/** The highest number below that of `link` of which something is known; 0 when there is none. */
function newestBefore(link: Link, links: readonly Link[]): number {
  const before = links.filter((each) => each.writer === link.writer && each.sequence < link.sequence);
  return before.reduce((most, { sequence }) => Math.max(most, sequence), 0);
}
