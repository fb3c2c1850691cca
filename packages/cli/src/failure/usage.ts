import { Failure } from '@holdfast/base';
import type { CommanderError } from 'commander';

/** Commander's complaint about a command line as a failure of ours; values that could be secrets are left out. */
export function usageFailure(error: CommanderError): Failure {
  const text = error.message
    .replace(/^error: /, '')
    .replace(/'(--?[\w-]+)=[^']*'/, "'$1'")
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\(Did you mean (.*?)\?\)$/, '(did you mean $1?)');
  const why = explained.find(([pattern]) => pattern.test(text))?.[1] ?? text;
  return new Failure('usage', why, {}, { cause: error });
}

/** A password on a command line can be read by every user of the machine. */
export const noPasswordFlag =
  'passwords are not taken from the command line; use --password-file FILE or HOLDFAST_PASSWORD';

const explained: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /^unknown option '--server(?:-token-file|-ca|-ca-sha256)?'/,
    'this is done on this machine alone, and takes no --server',
  ],
  [
    /^unknown option '--(?:server-)?token'/,
    'tokens are not taken from the command line; use `holdfast login`, a token file or HOLDFAST_TOKEN',
  ],
  [/^unknown option '--?(?:password|pass|pw)'/, noPasswordFlag],
  [
    /^unknown option '--?passphrase'/,
    'passphrases are not taken from the command line; use --passphrase-file FILE or HOLDFAST_PASSPHRASE',
  ],
  [
    /^unknown option '--?(?:s3-|aws-)?(?:access-key|secret|session-token|credentials)[\w-]*'/,
    'keys are not taken from the command line; use --s3-credentials-file FILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  ],
];
