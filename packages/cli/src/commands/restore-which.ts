import { Failure } from '@holdfast/base';
import { Argument } from 'commander';
import type { Session } from '../session.ts';
import type { Operation } from '../view/operation.ts';

/** The argument that names a restore. */
export function restoreArgument(form: '<restore>' | '[restore]' = '<restore>'): Argument {
  return new Argument(form, 'its id, or latest for the newest');
}

/**
 * The restore that is meant.
 *
 * @throws Failure `restore-missing`, `journal-damaged`
 */
export async function restoreAt({ settings }: Session, word: string): Promise<Operation> {
  const { laterRestore, listRestores, readRestore } = await import('@holdfast/engine');
  if (word === 'latest') {
    const [newest] = await listRestores(settings.stateDir);
    if (newest !== undefined) return newest;
    throw new Failure('restore-missing', `${settings.stateDir} holds no restore yet`, { id: word });
  }
  const found = await readRestore(settings.stateDir, word);
  const later = laterRestore(await listRestores(settings.stateDir, () => {}), found.plan);
  return later === undefined ? found : { ...found, later: later.plan.id };
}
