import type { Evidence } from '@holdfast/model';
import { withFrom, withRepository } from '../program/options.ts';
import { snapshotArgument } from '../program/selector.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import type { SnapshotOptions } from '../remote/snapshots.ts';
import type { Answer } from '../term/answer.ts';
import { verifyForeignIn } from './snapshot-foreign.ts';
import { evidenceText, verificationFailure } from '../view/evidence.ts';

export function addVerify(parent: Verb): void {
  const verb = parent.command('verify');
  verb
    .description(
      'Prove a snapshot again: hash, whole tree, every record, and HashKV as the live member had it.',
    )
    .addArgument(snapshotArgument())
    .example('The newest; exit 4 means damaged', 'holdfast snapshot verify latest --repo /backup')
    .remark(
      'Needs no etcd; a sealed snapshot needs its key, and lies plain nowhere meanwhile. What was found is kept as evidence in the repository. Exit 0 means verified, exit 4 damaged. Exit 3 means incomplete: nothing is wrong, but a check could not be made (the member could not tell its HashKV when the snapshot was saved, say), so the snapshot stays stored; verifying again does not change that, saving another one does.',
    )
    .example(
      'What another system left, by name or path; nothing is written',
      'holdfast snapshot verify latest --from s3://backups/prod',
    )
    .answers(async (session, { from }: { readonly from?: string }, name) =>
      from === undefined ? verify(session, name) : verifyForeignIn(session, from, name),
    );
  withFrom(withRepository(verb));
  overServer(verb, { takes: ['repo'] }, async (session, options: SnapshotOptions, name) => {
    const { verifySnapshot } = await import('../remote/snapshots.ts');
    return withFleet(session, (fleet) => verifySnapshot(fleet, options, name));
  });
}

async function verify(session: Session, selector: string): Promise<Answer> {
  const repository = await openRepository(session);
  const { verifySnapshot } = await import('@holdfast/engine');
  const selected = await selectedSnapshot(session, repository, selector);
  const { evidence, notRecorded } = await verifySnapshot(session.context, repository, selected);
  if (notRecorded !== null)
    session.warn(`the evidence was not kept: ${notRecorded.message}: ${notRecorded.why}`);
  return verifyAnswer(evidence);
}

function verifyAnswer(evidence: Evidence): Answer {
  const failure = verificationFailure(evidence);
  return {
    json: evidence,
    names: [evidence.snapshot],
    text: (view) => `${evidence.snapshot}: ${evidenceText(evidence, view)}`,
    ...(failure && { failure }),
  };
}
