import { resolve } from 'node:path';
import { formatBytes } from '@holdfast/base';
import { withRepository } from '../program/options.ts';
import { snapshotArgument } from '../program/selector.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { table } from '../term/table.ts';

interface CompanionsOptions {
  readonly to: string;
}

export function addCompanions(parent: Verb): void {
  const verb = parent.command('companions');
  verb
    .description(
      "Open what was kept beside a snapshot: the cluster's keys, certificates and configuration. Secret.",
    )
    .addArgument(snapshotArgument())
    .requiredOption('--to <folder>', 'the new folder, for this user only; an existing one is refused')
    .example(
      'To look at, or to put back by hand',
      'holdfast snapshot companions latest --repo /backup --identity-file key.txt --to ./companions',
    )
    .remark(
      'They are the private keys of the cluster: whoever has them can act as any user and any node of it. Each lies below the folder under its path on the node. Remove the folder as soon as it is not needed any more.',
    )
    .answers(async (session, { to }: CompanionsOptions, name) => take(session, name, to));
  withRepository(verb);
}

async function take(session: Session, selector: string, to: string): Promise<Answer> {
  const repository = await openRepository(session);
  const { takeCompanions } = await import('@holdfast/engine');
  const { name, cluster, path, list } = await takeCompanions(session.context, repository, {
    ...(await selectedSnapshot(session, repository, selector)),
    to: resolve(session.io.cwd, to),
  });
  session.warn(
    `${path} holds the private keys of cluster ${cluster}, unsealed: whoever reads them can act as any user and node of it; remove it when it is not needed any more`,
  );
  // Without their hashes, by which a short secret could be guessed.
  const files = list.files.map(({ entry, path: onNode, why, secret, size }) => ({
    ...{ file: entry, path: onNode },
    ...{ why, secret, size },
  }));
  return {
    json: { apiVersion, kind: 'SnapshotCompanions', name, cluster, path, files },
    names: [path],
    text: () =>
      `The companions of ${name} are in ${path}:\n${table(
        ['  FILE', 'SIZE', 'WHY'],
        files.map(({ file, size, why, secret }) => [
          `  ${file}`,
          formatBytes(size),
          secret ? `${why} (secret)` : why,
        ]),
      )}`,
  };
}
