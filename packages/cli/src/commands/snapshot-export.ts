import { Failure, formatBytes } from '@holdfast/base';
import { Option } from 'commander';
import { resolve } from 'node:path';
import { withRepository } from '../program/options.ts';
import { snapshotArgument } from '../program/selector.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { giveBackTo, type GiveBackOptions } from './snapshot-give-back.ts';

interface ExportOptions extends Omit<GiveBackOptions, 'as'> {
  readonly sealed?: true;
  readonly as: GiveBackOptions['as'] | 'plain';
}

export function addExport(parent: Verb): void {
  const verb = parent.command('export');
  verb
    .description(
      "Write a snapshot as etcd's own file, which etcdutl and `restore datadir --file` take, or as another system left it.",
    )
    .addArgument(snapshotArgument())
    .requiredOption(
      '--to <path>',
      'the new file, with --sealed the new folder; with --as of a system the folder that its files come into',
    )
    .addOption(
      new Option('--as <system>', 'what restores it: etcdutl (plain), or the own tool of a system')
        .choices(['k3s', 'rke2', 'rke', 'alauda', 'plain'])
        .default('plain'),
    )
    .addOption(
      new Option('--form <form>', "raw, zip or tar; the system's own way if not given").choices([
        'raw',
        'zip',
        'tar',
      ]),
    )
    .option('--node <name>', "with --as: the node's name in that of the file; for alauda its IP")
    .option('--sealed', 'everything as it is stored, unopened, with the manifest and its signatures')
    .example('For etcdutl', 'holdfast snapshot export latest --repo /backup --to etcd.db')
    .example(
      'For the programs age, zstd and openssl; no key is needed',
      'holdfast snapshot export latest --repo /backup --sealed --to nightly',
    )
    .example(
      'For K3s, with what Rancher keeps beside it',
      'holdfast snapshot export latest --as k3s --to /restore',
    )
    .example(
      'For RKE, with the state of the cluster',
      'holdfast snapshot export latest --as rke --to /opt/rke/etcd-snapshots',
    )
    .remark(
      'With --as of a system the file has the name that this system would have given it; K3s and RKE2 take it as it is or as a zip, RKE as a zip with the paths that it asks for, Alauda as a tar. Nothing is overwritten, and a damaged snapshot is refused.',
    )
    .remark(
      'What is sealed is opened on the way, so the file is as secret as the cluster: everything that etcd holds is in it. A snapshot whose manifest is not trusted is refused, unless --require any takes it. One whose verification failed is written with a warning: it may be wanted as evidence.',
    )
    .answers(async (session, { to, sealed, as, form, node }: ExportOptions, name) => {
      if (sealed === true && as !== 'plain')
        throw new Failure('usage', `--sealed is as it is stored, and --as ${as} is not`);
      if (as !== 'plain') return giveBackTo(session, name, { as, to, form, node });
      if (form !== undefined || node !== undefined)
        throw new Failure('usage', `--${form === undefined ? 'node' : 'form'} needs --as of a system`);
      return sealed === true ? exportStored(session, name, to) : exportTo(session, name, to);
    });
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
  warnOf(session, exported);
  return {
    json: { apiVersion, kind: 'SnapshotExport', ...exported, path },
    names: [path],
    text: () => `${exported.name} is at ${path}: ${formatBytes(exported.size)}, sha256 ${exported.sha256}\n`,
  };
}

async function exportStored(session: Session, selector: string, to: string): Promise<Answer> {
  const repository = await openRepository(session);
  const engine = await import('@holdfast/engine');
  const exported = await engine.exportStored(session.context, repository, {
    ...(await selectedSnapshot(session, repository, selector)),
    to: resolve(session.io.cwd, to),
  });
  const { name, path, files } = exported;
  warnOf(session, exported);
  return {
    json: { apiVersion, kind: 'SnapshotObjects', ...exported },
    names: [path],
    text: () =>
      `${name} is in ${path}, as it is stored:\n${table(
        ['  FILE', 'SIZE', 'SHA-256'],
        files.map((file) => [`  ${file.name}`, formatBytes(file.size), file.sha256]),
      )}`,
  };
}

/** It may be wanted as evidence, and must not be taken for one to restore from. */
function warnOf(session: Session, { name, damage }: { name: string; damage: string | null }): void {
  if (damage !== null) session.warn(`${name} is damaged, and not to be restored from: ${damage}`);
}
