import { Failure } from '@holdfast/base';

/**
 * The lines of a key file that count, each with its number.
 *
 * @throws key-file-invalid when there is none
 */
export function keyLines(text: string, path: string): { line: string; number: number }[] {
  const lines = text
    .split('\n')
    .map((line, i) => ({ line: line.replace(/\r$/, ''), number: i + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0) throw new Failure('key-file-invalid', 'it holds no key', { path });
  return lines;
}
