import { Failure } from '@holdfast/base';
import type { Session } from '../session.ts';
import { confirm } from '../term/confirm.ts';

export interface ConfirmOptions {
  readonly confirm?: string;
}

/**
 * Refuses before anything is looked at where nobody could be asked later.
 *
 * @throws Failure `not-confirmed`
 */
export function requireConfirmable({ io }: Session, { confirm: name }: ConfirmOptions): void {
  if (name !== undefined || (io.stdin.isTTY === true && io.stderr.isTTY === true)) return;
  throw new Failure('not-confirmed', "there is no terminal to ask on; --confirm takes the cluster's name");
}

/**
 * Has the cluster's name typed, or compares the one that `--confirm` gave.
 *
 * @param question what is about to happen
 * @throws Failure `not-confirmed`
 */
export async function confirmCluster(
  session: Session,
  options: ConfirmOptions,
  question: string,
  cluster: string,
): Promise<void> {
  requireConfirmable(session, options);
  if (options.confirm === undefined) {
    session.clear();
    await confirm(session.io, question, cluster);
  } else if (options.confirm !== cluster) {
    const why = `--confirm says ${JSON.stringify(options.confirm)}, and the cluster is ${cluster}`;
    throw new Failure('not-confirmed', why);
  }
}
