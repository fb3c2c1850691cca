import { formatBytes } from '@holdfast/base';
import { resolve } from 'node:path';
import { withRepository } from '../program/options.ts';
import { snapshotArgument } from '../program/selector.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

interface ExportOptions {
  readonly to: string;
}

export function addExport(parent: Verb): void {
  const verb = parent.command('export');
  verb
    .description("Write a snapshot as etcd's own file, which etcdutl and `restore datadir --file` take.")
    .addArgument(snapshotArgument())
    .requiredOption('--to <file>', 'the new file; an existing one is refused')
    .example('For etcdutl', 'holdfast snapshot export latest --repo /backup --to etcd.db')
    .answers(async (session, { to }: ExportOptions, name) => exportTo(session, name, to));
  withRepository(verb);
}

async function exportTo(session: Session, selector: string, to: string): Promise<Answer> {
  const repository = await openRepository(session);
  const { exportSnapshot } = await import('@holdfast/engine');
  const path = resolve(session.io.cwd, to);
  const exported = await exportSnapshot(session.context, repository, {
    ...(await selectedSnapshot(session, repository, selector)),
    to: path,
  });
  return {
    json: { apiVersion, kind: 'SnapshotExport', ...exported, path },
    names: [path],
    text: () => `${exported.name} is at ${path}: ${formatBytes(exported.size)}, sha256 ${exported.sha256}\n`,
  };
}
