import { withRepository } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { chosenForeign, openBeside } from '../sources/foreign.ts';
import type { Answer } from '../term/answer.ts';
import { importAnswer } from '../view/foreign-import.ts';

export function addImport(parent: Verb): void {
  const verb = parent.command('import');
  verb
    .description('Bring a snapshot that another system left into a repository, proven first.')
    .argument('<snapshot>', 'a file, or with --from its name or path there')
    .option('--from <place>', 'the folder, or s3://bucket/folder, that others write to')
    .example(
      'A file of RKE',
      'holdfast snapshot import /opt/rke/etcd-snapshots/daily.zip --repo /backup --cluster prod',
    )
    .example(
      'The newest of a bucket',
      'holdfast snapshot import latest --from s3://backups/prod --repo /backup --cluster prod',
    )
    .remark(
      "What is stored is what etcd itself would have written; its SHA-256 at the end is added where it is missing. The whole tree, every record and that hash are checked first, and what is damaged is refused with exit 4. Nobody asked the member for its HashKV when it was saved, so it stays stored and never becomes verified. The cluster's state, specification or PKI in or beside the file is kept where the repository seals, and nowhere else. The same content twice is there already, and nothing is written. `holdfast adopt` shows what there is.",
    )
    .answers(importOne);
  withRepository(verb);
}

async function importOne(
  session: Session,
  { from }: { readonly from?: string },
  selector: string,
): Promise<Answer> {
  const { place, snapshot } = await chosenForeign(session, from, selector);
  const repository = await openBeside(session);
  const { importSnapshot } = await import('@holdfast/engine');
  const options = { place, snapshot, cluster: session.settings.cluster };
  const imported = await importSnapshot(session.context, repository, options);
  return importAnswer(snapshot, imported, repository.location);
}
