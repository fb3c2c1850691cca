import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { Policy, Retention } from '@holdfast/model';
import type { Session } from '../session.ts';
import { addressOf } from './repository.ts';

/**
 * The policy of exactly this name in the policy file.
 *
 * @throws Failure `policy-file-missing`, `policy-invalid`, `policy-missing`, `file-unreadable`
 */
export async function policyNamed(session: Session, name: string): Promise<Policy> {
  const { readPolicyFile } = await import('@holdfast/engine');
  const path = session.settings.policyFile;
  const policies = await readPolicyFile(path, session.io.clock.now());
  const policy = policies.find((each) => each.name === name);
  if (policy !== undefined) return policy;
  const why = `it has ${policies.map((each) => each.name).join(', ') || 'none'}`;
  throw new Failure('policy-missing', why, { name, path });
}

/**
 * What a policy keeps in one of its repositories, by whatever name or address `--repo` has it.
 *
 * @throws Failure `usage` for a repository that is none of the policy's, where what it keeps depends on that
 */
export function retentionFor(session: Session, policy: Policy, repository: string): Retention {
  const { name, targets, retention } = policy;
  const at = placeOf(session, repository);
  const target =
    targets.find((each) => each.repository === repository) ??
    targets.find((each) => placeOf(session, each.repository) === at);
  if (target === undefined && targets.some((each) => each.retention !== undefined)) {
    const known = targets.map((each) => each.repository).join(', ');
    const why = `policy ${name} has rules for each of its repositories, ${known}, and none for ${repository}`;
    throw new Failure('usage', why);
  }
  return target?.retention ?? retention;
}

function placeOf(session: Session, repository: string): string {
  const address = addressOf(session, repository);
  return address.startsWith('s3://') ? address : resolve(session.io.cwd, address);
}
