import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, statfs } from 'node:fs/promises';
import { Failure, formatBytes, limits } from '@holdfast/base';
import type { ArtefactSource, NodeContext } from '@holdfast/engine';
import { makeFolder, remove, syncFolder } from '../on-disk.ts';
import { stepFailed, type Act, type NodeStep } from './step.ts';

/** Puts the artefact beside the data, from wherever it is. `fetch` and `share` are the same to a node. */
export const fetch: NodeStep = {
  async perform(act) {
    const { order, places, context } = act;
    const { artefact } = order;
    if (artefact === undefined) throw stepFailed(order, 'nobody has told which snapshot is to be had');
    const { sha256, size } = artefact;
    const there = (await fileSha256(places.artefact, size, context)) === sha256;
    if (!there) {
      await makeFolder(places.work);
      await checkSpace(places.work, 2 * size);
      await receive(act, artefact);
    }
    return { path: places.artefact, sha256, size, received: !there };
  },

  async undo({ places }) {
    await remove(places.work);
    return {};
  },
};

/** The SHA-256 of a file in hexadecimal; undefined when it is absent or has another size. */
async function fileSha256(path: string, size: number, context: NodeContext): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile() !== true || stats.size !== size) return undefined;
  const hash = createHash('sha256');
  for await (const block of createReadStream(path, { signal: context.signal })) hash.update(block as Buffer);
  return hash.digest('hex');
}

/** @throws Failure not-enough-space when there is none for the artefact and the data that is staged from it */
async function checkSpace(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  const wanted = bytes + limits.spareSpaceBytes;
  if (bavail * bsize >= wanted) return;
  const why = `${formatBytes(wanted)} are needed and ${formatBytes(bavail * bsize)} are free`;
  throw new Failure('not-enough-space', why, { path, wanted, free: bavail * bsize });
}

async function receive({ order, places, context }: Act, artefact: ArtefactSource): Promise<void> {
  const part = `${places.artefact}.part`;
  await rm(part, { force: true });
  const hash = createHash('sha256');
  let done = 0;
  const file = await open(part, 'wx', 0o600);
  try {
    for await (const block of artefact.open(context.signal)) {
      context.signal.throwIfAborted();
      hash.update(block);
      await file.writeFile(block);
      done += block.length;
      context.onProgress?.({ phase: order.kind, done, total: artefact.size });
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const sha256 = hash.digest('hex');
  if (done !== artefact.size || sha256 !== artefact.sha256) {
    await rm(part, { force: true });
    const why = `${done} bytes with SHA-256 ${sha256} have arrived, not ${artefact.size} with ${artefact.sha256}`;
    throw stepFailed(order, why);
  }
  await rename(part, places.artefact);
  await syncFolder(places.work);
}
