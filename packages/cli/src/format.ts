import { Failure } from '@holdfast/base';
import type { Origin } from './settings/value.ts';
import { formats, type Format } from './term/answer.ts';

/**
 * The form of the answer. `--quiet` without any word about the form means names alone, as scripts want them.
 *
 * @throws Failure `config-invalid` when a variable or a file names another form
 */
export function asFormat(origins: readonly Origin[], quiet: boolean): Format {
  const output = origins.find((each) => each.name === 'output')!;
  if (quiet && output.origin === 'default') return 'name';
  const format = formats.find((each) => each === output.value);
  if (format !== undefined) return format;
  const why = `"${String(output.value)}" is no form of an answer; there are ${formats.join(', ')}`;
  throw new Failure('config-invalid', why, { source: output.origin });
}

/** The form that the command line or the variable asks for, for a failure before the settings were read. */
export function earlyFormat(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Format {
  const before = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const asked = before.some(
    (arg, index) =>
      arg === '--json' ||
      /^(?:-o=?|--output=)json$/.test(arg) ||
      (arg === 'json' && ['-o', '--output'].includes(before[index - 1] ?? '')),
  );
  const named = before.some((arg) => /^(?:-o|--output)/.test(arg));
  return asked || (!named && env['HOLDFAST_OUTPUT'] === 'json') ? 'json' : 'table';
}
