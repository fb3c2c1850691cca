import { chmod, chown, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { heldManifest } from '@holdfast/model';
import { makeFolder, move, putWhole, stands } from '../on-disk.ts';
import type { Join } from './join-flags.ts';
import { joiningManifest } from './pod-manifest.ts';

/** Where a manifest lies: where the kubelet starts it, where it does not, or nowhere. */
export type ManifestPlace =
  | { readonly at: 'watched' | 'held'; readonly path: string }
  | { readonly at: 'nowhere' };

/** Looks for a manifest. One that was put back while an older one is held is the one that counts. */
export async function placeOfManifest(manifest: string): Promise<ManifestPlace> {
  if (await stands(manifest)) return { at: 'watched', path: manifest };
  const held = heldManifest(manifest);
  return (await stands(held)) ? { at: 'held', path: held } : { at: 'nowhere' };
}

/**
 * Moves a manifest out of the folder that the kubelet watches, on the disk for good. What is held already keeps a name of its
 * own: nothing is ever deleted.
 *
 * @returns whether it was there
 */
export async function holdManifest(manifest: string): Promise<boolean> {
  if (!(await stands(manifest))) return false;
  const held = heldManifest(manifest);
  await makeFolder(dirname(held));
  if (await stands(held)) await move(held, await freeName(held));
  await move(manifest, held);
  return true;
}

/** Moves it back; nothing where it stands there, or nowhere. */
export async function returnManifest(manifest: string): Promise<void> {
  if ((await placeOfManifest(manifest)).at === 'held') await move(heldManifest(manifest), manifest);
}

/** Why it could not be moved, without a full stop; undefined where it can: a rename does not leave a file system. */
export async function whyNotHeld(manifest: string): Promise<string | undefined> {
  const folder = dirname(manifest);
  const [inside, beside] = [await stat(folder), await stat(dirname(folder))];
  return inside.dev === beside.dev
    ? undefined
    : `${folder} is a mount point, so no manifest can be moved out of it in one act`;
}

/**
 * Writes the flags of a member that joins into its manifest. How it was before is kept beside the held one, and so is what
 * was written: only what nobody has changed since is put back.
 *
 * @throws Error that says why that would not reach etcd, without a full stop
 */
export async function tellManifest(manifest: string, told: Join): Promise<void> {
  const place = await placeOfManifest(manifest);
  if (place.at === 'nowhere') throw new Error(nowhere(manifest));
  await untellManifest(manifest);
  const before = await readFile(place.path, 'utf8');
  const joining = joiningManifest(before, place.path, told);
  if (joining === before) return;
  const names = recordsOf(manifest);
  await makeFolder(dirname(names.before));
  await putWhole(names.before, before);
  await putWhole(names.told, joining);
  await replace(place.path, joining, names.part);
}

/** Puts a manifest back as it was before {@link tellManifest}, unless somebody has changed it since. */
export async function untellManifest(manifest: string): Promise<void> {
  const place = await placeOfManifest(manifest);
  const names = recordsOf(manifest);
  if (place.at === 'nowhere' || !(await stands(names.told))) return;
  if ((await readFile(place.path, 'utf8')) !== (await readFile(names.told, 'utf8'))) return;
  await replace(place.path, await readFile(names.before, 'utf8'), names.part);
}

/** Says that there is no manifest, without a full stop. */
export function nowhere(manifest: string): string {
  return `there is no ${manifest}, nor ${heldManifest(manifest)}`;
}

function recordsOf(manifest: string): { before: string; told: string; part: string } {
  const held = heldManifest(manifest);
  return {
    before: `${held}.before-join`,
    told: `${held}.joining`,
    part: join(dirname(held), `.${basename(held)}`),
  };
}

/** Not by a part beside it: the kubelet would take that for another pod. */
async function replace(path: string, text: string, part: string): Promise<void> {
  const { uid, gid, mode } = await stat(path);
  await putWhole(part, text);
  if (process.geteuid?.() === 0) await chown(part, uid, gid);
  await chmod(part, mode & 0o777);
  await move(part, path);
}

async function freeName(held: string): Promise<string> {
  for (let n = 1; ; n++) if (!(await stands(`${held}.${n}`))) return `${held}.${n}`;
}
