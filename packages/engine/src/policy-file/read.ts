import { Failure } from '@holdfast/base';
import type { Policy } from '@holdfast/model';
import { readTextFile } from '@holdfast/repository';
import { checkedText, type CheckedText } from './checked-text.ts';

/**
 * The policies of a policy file.
 *
 * @param now for what depends on the calendar: whether a schedule can hold its promise
 * @throws Failure `policy-file-missing`, `policy-invalid` with the line, `file-unreadable`
 */
export async function readPolicyFile(path: string, now: Date): Promise<readonly Policy[]> {
  const text = await readTextFile(path);
  if (text === undefined) throw new Failure('policy-file-missing', 'no such file', { path });
  return policiesIn(text, path, now).policies;
}

/**
 * The same of a text that was read from `path`.
 *
 * @throws Failure `policy-invalid` with the line
 */
export function policiesIn(text: string, path: string, now: Date): CheckedText {
  const checked = checkedText(text, now);
  if ('policies' in checked) return checked;
  throw new Failure('policy-invalid', `line ${checked.line}: ${checked.problem}`, { path });
}
