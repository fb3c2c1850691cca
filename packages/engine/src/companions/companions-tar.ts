import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { CompanionsList } from '@holdfast/model';
import { pack } from 'tar-stream';
import type { CollectedNode, NodeFile } from './collect-node.ts';

/** The first entry of a tar of companions: what each of the others is. */
export const listEntry = 'companions.json';

/**
 * A tar of companions, ready to be sealed. Its first entry is {@link listEntry}; the others are the files under their paths
 * without the leading slash. All have mode 0600, no owner, and the time of their last change in whole seconds, so that the
 * same files give the same bytes.
 */
export async function* companionsTar(collected: CollectedNode): AsyncGenerator<Uint8Array> {
  const named = entriesOf(collected.files);
  const list: CompanionsList = {
    apiVersion: 'holdfast.dev/v1',
    kind: 'Companions',
    distribution: collected.distribution,
    node: collected.node,
    collectedAt: collected.collectedAt.toISOString(),
    files: named.map(([entry, { path, why, secret, content, modifiedAt }]) => ({
      path,
      entry,
      why,
      secret,
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      modifiedAt: modifiedAt.toISOString(),
    })),
    left: [...collected.left],
  };
  const tar = pack();
  const add = (name: string, content: Uint8Array, mtime: Date): void => {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
    tar.entry({ name, mtime, mode: 0o600, type: 'file', uid: 0, gid: 0, uname: '', gname: '' }, bytes);
  };
  add(listEntry, Buffer.from(`${JSON.stringify(list, null, 2)}\n`), collected.collectedAt);
  for (const [entry, { content, modifiedAt }] of named) add(entry, content, modifiedAt);
  tar.finalize();
  for await (const chunk of tar) yield chunk as Uint8Array;
}

/** The path without its slash; where it is spelt in another way, or is the list's own, a number below a folder of ours. */
function entriesOf(files: readonly NodeFile[]): (readonly [entry: string, file: NodeFile])[] {
  return files.map((file, at) => {
    const entry = file.path.slice(1);
    const plain = posix.normalize(`/${entry}`) === file.path && !entry.endsWith('/');
    return [plain && entry.split('/')[0] !== listEntry ? entry : `${listEntry}~/${at}`, file];
  });
}
