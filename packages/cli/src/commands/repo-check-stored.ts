import { Failure } from '@holdfast/base';
import type { CheckRequest, RepositoryRepair } from '@holdfast/engine';
import type { Repository } from '@holdfast/repository';
import type { Session } from '../session.ts';
import { clientKeys } from '../sources/keys.ts';
import { openRepository } from '../sources/repository.ts';
import type { Answer } from '../term/answer.ts';
import { confirm } from '../term/confirm.ts';
import { checkAnswer } from '../view/check.ts';

/** What is to be checked of what is stored, and whether it is to be mended. */
export interface StoredCheckOptions {
  readonly read?: readonly string[];
  readonly open?: true;
  readonly repair?: true;
  readonly yes?: true;
}

const words = ['sample', 'all', 'none'] as const;

/** `repo check` of what is stored. */
export async function checkStored(session: Session, options: StoredCheckOptions): Promise<Answer> {
  const read = readChoice(options.read);
  const repository = await openRepository(session);
  const { memory } = await clientKeys(session.settings);
  const repair = options.repair === true ? await mend(session, repository, options.yes === true) : undefined;
  const { checkRepository } = await import('@holdfast/engine');
  const request: CheckRequest = { read, open: options.open === true, memory };
  const check = await checkRepository(session.context, repository, request);
  if (check.unremembered !== null)
    session.warn(`what was seen could not be remembered: ${check.unremembered.why}`);
  if (check.read.notRecorded !== null)
    session.warn(`the damage could not be recorded: ${check.read.notRecorded.why}`);
  return checkAnswer(repository, check, repair);
}

/** What to make anew is asked for first, for nobody else may write meanwhile. */
async function mend(session: Session, repository: Repository, yes: boolean): Promise<RepositoryRepair> {
  const { clustersToRebuild, repairRepository } = await import('@holdfast/engine');
  const lost = await clustersToRebuild(session.context, repository);
  if (lost.length > 0 && !yes) {
    const which = lost.length === 1 ? `cluster ${lost[0]}` : `clusters ${lost.join(' and ')}`;
    const question = `The record of what is committed in ${which} is lost. It is made anew from the manifests that are there. Nobody may write to the repository meanwhile.`;
    await confirm(session.io, question, repository.record.id);
  }
  return await repairRepository(session.context, repository, lost);
}

function readChoice(given: readonly string[] = ['sample']): CheckRequest['read'] {
  const word = words.find((each) => given.includes(each));
  if (word === undefined) return given;
  if (given.length === 1) return word;
  throw new Failure('usage', `--read ${word} stands alone`);
}
