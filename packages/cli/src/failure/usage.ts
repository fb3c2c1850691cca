import { Failure } from '@holdfast/base';
import type { CommanderError } from 'commander';

/** Commander's complaint about a command line as a failure of ours; values that could be secrets are left out. */
export function usageFailure(error: CommanderError): Failure {
  const text = error.message
    .replace(/^error: /, '')
    .replace(/'(--?[\w-]+)=[^']*'/, "'$1'")
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\(Did you mean (.*?)\?\)$/, '(did you mean $1?)');
  const why = /^unknown option '--?(?:password|pass|pw)'/.test(text) ? noPasswordFlag : text;
  return new Failure('usage', why, {}, { cause: error });
}

/** A password on a command line can be read by every user of the machine. */
export const noPasswordFlag =
  'passwords are not taken from the command line; use --password-file FILE or HOLDFAST_PASSWORD';
