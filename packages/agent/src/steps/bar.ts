import { lstat, open, unlink } from 'node:fs/promises';
import { putNew, remove, syncFolder } from '../on-disk.ts';
import { stepFailed, type Act } from './step.ts';

/** What has the name `member`: nothing, this restore's bar, or anything else. */
export type MemberPlace = 'absent' | 'barred' | 'taken';

/** Looks at the name `member`. */
export async function memberPlace({ order, places }: Act): Promise<MemberPlace> {
  try {
    const stats = await lstat(places.member);
    if (!stats.isFile()) return 'taken';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    throw error;
  }
  return (await beginningOf(places.member)).includes(order.plan.id) ? 'barred' : 'taken';
}

/** Not more than a bar has: the file may be anybody's. */
async function beginningOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(200), 0, 200, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Bars the name `member` by a file: an etcd that is started there dies of ENOTDIR, so no old one can come up unseen.
 *
 * @throws Failure node-failed when the name is taken
 */
export async function bar(act: Act): Promise<void> {
  const { order, places } = act;
  await remove(places.part);
  const place = await memberPlace(act);
  if (place === 'barred') return;
  const text = `Barred by Holdfast restore ${order.plan.id}: the old data is beside it\n`;
  if (place === 'absent' && (await putNew(places.member, text, 0o400, places.part))) return;
  throw stepFailed(order, `${places.member} has come into being while the restore was at work`);
}

/** Takes the bar away; nothing when it is not there. */
export async function unbar(act: Act): Promise<void> {
  if ((await memberPlace(act)) !== 'barred') return;
  await unlink(act.places.member);
  await syncFolder(act.places.dataDir);
}
