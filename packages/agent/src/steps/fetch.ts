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
      const arrived = await stat(`${places.artefact}.part`).catch(() => undefined);
      await checkSpace(places.work, 2 * size - Math.min(arrived?.size ?? 0, size));
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

/**
 * Goes on with what an attempt before has left; begins anew, once, where that turns out to be something else: after a
 * crash of the machine a file may be as long as it was and hold zeros.
 */
async function receive(act: Act, artefact: ArtefactSource): Promise<void> {
  const { order, places } = act;
  const part = `${places.artefact}.part`;
  let got = await append(act, artefact, part);
  if (!isWhole(got, artefact) && got.before > 0) {
    await rm(part, { force: true });
    got = await append(act, artefact, part);
  }
  if (!isWhole(got, artefact)) {
    await rm(part, { force: true });
    const why = `${got.size} bytes with SHA-256 ${got.sha256} have arrived, not ${artefact.size} with ${artefact.sha256}`;
    throw stepFailed(order, why);
  }
  await rename(part, places.artefact);
  await syncFolder(places.work);
}

interface Received {
  /** Bytes that were there before. */
  readonly before: number;
  readonly size: number;
  readonly sha256: string;
}

function isWhole({ size, sha256 }: Received, artefact: ArtefactSource): boolean {
  return size === artefact.size && sha256 === artefact.sha256;
}

async function append({ order, context }: Act, artefact: ArtefactSource, part: string): Promise<Received> {
  const { signal } = context;
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(part, 'a+', 0o600);
  try {
    if ((await file.stat()).size > artefact.size) await file.truncate(0);
    // A stream that is aborted when it is made, and does not close its file, fails where nobody can catch it.
    signal.throwIfAborted();
    for await (const block of file.createReadStream({ start: 0, autoClose: false, signal })) {
      hash.update(block as Buffer);
      size += (block as Buffer).length;
    }
    const before = size;
    if (before < artefact.size) {
      for await (const block of artefact.open(signal, before)) {
        signal.throwIfAborted();
        hash.update(block);
        await file.writeFile(block);
        size += block.length;
        context.onProgress?.({ phase: order.kind, done: size, total: artefact.size });
      }
    }
    await file.sync();
    return { before, size, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}
