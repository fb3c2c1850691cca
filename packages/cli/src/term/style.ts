import { styleText } from 'node:util';
import type { Sink } from '../io.ts';

/** What a piece of text is; a colour never says more than the words do. */
type Tone = 'good' | 'bad' | 'doubtful' | 'faint' | 'strong';

/** Gives a text its colour, or leaves it as it is where colours are not wanted. */
export type Style = (tone: Tone, text: string) => string;

const colours = {
  good: 'green',
  bad: 'red',
  doubtful: 'yellow',
  faint: 'dim',
  strong: 'bold',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

const plain: Style = (_tone, text) => text;
const coloured: Style = (tone, text) => styleText(colours[tone], text, { validateStream: false });

/**
 * Colour only on a terminal; `--no-color`, NO_COLOR and TERM=dumb turn it off and FORCE_COLOR on, in this order.
 *
 * @param wanted false when `--no-color` was given
 */
export function styleFor(
  sink: Sink,
  env: Readonly<Record<string, string | undefined>>,
  wanted: boolean,
): Style {
  if (!wanted || env['NO_COLOR']) return plain;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force === '0' || force === 'false' ? plain : coloured;
  return sink.isTTY === true && env['TERM'] !== 'dumb' ? coloured : plain;
}
