const unitMs: Readonly<Record<string, number>> = {
  w: 7 * 24 * 3_600_000,
  d: 24 * 3_600_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
};

/** The milliseconds of a Span: `36h`, `1w2d`, `90m`. A day has 24 hours, whatever the clocks do. */
export function spanMs(span: string): number {
  let sum = 0;
  for (const [, count, unit] of span.matchAll(/(\d+)([wdhms])/g)) sum += Number(count) * unitMs[unit!]!;
  return sum;
}

/** A length of time as a Span, in the largest units that it takes whole seconds of: `1w2d`, `36h` is `1d12h`. */
export function spanOf(ms: number): string {
  let left = Math.round(ms / 1000) * 1000;
  const parts: string[] = [];
  for (const [unit, size] of Object.entries(unitMs)) {
    const count = Math.floor(left / size);
    if (count > 0) parts.push(`${count}${unit}`);
    left -= count * size;
  }
  return parts.join('') || '0s';
}
