import type { Clock } from '@holdfast/base';
import { openSavedFiles, type CompareOrder, type NodeContext } from '@holdfast/engine';
import type { ComponentDescription, MemberDescription, PlannedChange } from '@holdfast/model';
import { whyComponentElsewhere, whyElsewhere } from '../host/here.ts';
import type { HostAccess } from '../host/run-command.ts';
import { fileChanges } from './files.ts';
import { versionChanges } from './versions.ts';

/** In what this machine differs from what was saved. Changes nothing. */
export async function compare(
  { wanted, artefact, ...described }: CompareOrder,
  { signal }: NodeContext,
  clock: Clock,
  access: HostAccess,
): Promise<PlannedChange[]> {
  const members = await hereOf<MemberDescription>(described.members, whyElsewhere);
  const components = await hereOf<ComponentDescription>(described.components, whyComponentElsewhere);
  const carrier = components[0] ?? members[0];
  if (carrier === undefined) return [];
  const here = { members, components };
  const saved = artefact === undefined ? undefined : await openSavedFiles(artefact, signal);
  const files = saved === undefined ? [] : await fileChanges({ saved, ...here, at: carrier.name });
  const { version } = wanted;
  const versions = version === null ? [] : await versionChanges({ version, ...here, clock, access, signal });
  // What a whole file is put in place of needs no other tag.
  const placed = files.flatMap(({ path, applies }) => (applies ? [path] : []));
  return [...versions.filter(({ path, how }) => how !== 'manifest' || !placed.includes(path)), ...files];
}

async function hereOf<What>(
  all: readonly What[],
  whyNot: (what: What) => Promise<string | undefined>,
): Promise<What[]> {
  const here: What[] = [];
  for (const what of all) if ((await whyNot(what)) === undefined) here.push(what);
  return here;
}
