import type { DaemonEvent } from '@holdfast/agent/standalone';
import { printable } from '../term/printable.ts';
import type { Style } from '../term/style.ts';

const tones = { info: 'faint', warning: 'doubtful', error: 'bad' } as const;

/** An event as one line for a person at a terminal: the time, the level, what happened, and what next where that is known. */
export function eventLine({ at, level, text, fields }: DaemonEvent, utc: boolean, style: Style): string {
  const next = fields?.['next'];
  const words = typeof next === 'string' && next !== '' ? `${text}\n    next: ${next}` : text;
  return `${style('faint', timeOf(at, utc))} ${style(tones[level], level.padEnd(7))} ${printable(words)}\n`;
}

/** An event as one line of JSON. */
export function eventJson({ at, level, event, text, fields }: DaemonEvent): string {
  return `${JSON.stringify({ time: at.toISOString(), level, event, message: text, ...fields })}\n`;
}

function timeOf(at: Date, utc: boolean): string {
  if (utc) return at.toISOString().replace(/\.\d+Z$/, 'Z');
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(two).join('-');
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
