import { roleNames, type RoleName } from '@holdfast/model/fleet';
import { InvalidArgumentError, Option } from 'commander';

/** A grant as it is asked for; its cluster by name or id, null: in all of them. */
export interface AskedGrant {
  readonly role: RoleName;
  readonly cluster: string | null;
}

/** `--grant`, which may be repeated. */
export function grantOption(what: string): Option {
  const words = `${what}, as ${roleNames.join(', ')}, or ROLE@CLUSTER for one cluster; may be repeated`;
  return new Option('--grant <role>', words).argParser(grantWord);
}

/** `--password-file`, in place of a question. */
export const passwordFileOption = [
  '--password-file <file>',
  'file that holds the password, in place of being asked for it',
] as const;

function grantWord(text: string, before: readonly AskedGrant[] = []): AskedGrant[] {
  const [word, cluster = null, ...more] = text.split('@');
  const role = roleNames.find((each) => each === word);
  if (role !== undefined && cluster !== '' && more.length === 0) return [...before, { role, cluster }];
  throw new InvalidArgumentError(`It must be one of ${roleNames.join(', ')}, or that with @CLUSTER.`);
}
