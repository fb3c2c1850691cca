import { Span, spanMs } from '@holdfast/model';
import { InvalidArgumentError } from 'commander';

/** A parser for a length of time that is not nothing: `36h`, `1w2d`. */
export function lengthOfTime(text: string): string {
  if (!Span.safeParse(text).success || spanMs(text) === 0) {
    throw new InvalidArgumentError(
      'It must be a length of time like 90m, 36h or 1w2d, in weeks, days, hours, minutes and seconds, and 36500d at most.',
    );
  }
  return text;
}

/** What an option says that takes something away, where nothing would mean: leave it as it is. */
export const none = 'none';

/** The same parser for an option that also takes the word `none`. */
export function orNone<T>(parse: (text: string) => T): (text: string) => T | typeof none {
  return (text) => (text === none ? none : parse(text));
}
