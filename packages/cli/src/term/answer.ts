import type { Failure } from '@holdfast/base';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

/** The forms of an answer, `-o`. */
export const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof formats)[number];

/** How an answer for people is to look. */
export interface View {
  readonly wide: boolean;
  readonly utc: boolean;
  readonly style: Style;
  readonly now: Date;
}

/** What a command found, in every form that can be asked for. */
export interface Answer {
  /** The machine's form: has apiVersion and kind, RFC 3339 UTC times, bytes as integers. Fields are only added. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The person's form, ending in a line feed. */
  text(view: View): string;
  /** The names that scripts want, one per line. */
  readonly names: readonly string[];
  /** Done once the answer is printed, whatever else it says: what nobody should wait for. */
  afterwards?(): Promise<void>;
  /** Reported after the answer was printed: it decides the exit status. */
  readonly failure?: Failure;
}

/** Every machine-readable answer is of this version. */
export const apiVersion = 'holdfast.dev/v1';

/** An answer in the asked form, ending in a line feed unless it is empty. */
export async function render(answer: Answer, format: Format, view: Omit<View, 'wide'>): Promise<string> {
  if (format === 'json') return `${JSON.stringify(answer.json, null, 2)}\n`;
  if (format === 'name') return printable(answer.names.map((name) => `${name}\n`).join(''));
  if (format !== 'yaml') return printable(answer.text({ ...view, wide: format === 'wide' }));
  const { stringify } = await import('yaml');
  return stringify(JSON.parse(JSON.stringify(answer.json)));
}
