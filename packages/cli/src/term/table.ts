import { stripVTControlCharacters } from 'node:util';

/**
 * Lines of aligned columns without borders, three spaces apart, as kubectl prints them: easy to read, and to cut by
 * `awk`. Cells may be coloured. The last column is not padded.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return aligned([head, ...rows]);
}

/** `name  value` pairs, one per line, with the values in one column; pairs without a value are left out. */
export function pairs(entries: readonly (readonly [string, string | undefined])[], indent = ''): string {
  const given = entries.flatMap(([name, value]) =>
    value === undefined ? [] : [[`${indent}${name}`, value]],
  );
  return aligned(given);
}

/** Rows without a head, in the same manner. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, width(cell));
    });
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => cell + ' '.repeat(widths[column]! - width(cell)));
      return `${cells.join('   ').trimEnd()}\n`;
    })
    .join('');
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
