import { maskedLines } from './masked-lines.ts';

/** Lines of one text that are compared, lines around a change that are shown, and lines that a diff may have. */
const [mostLines, around, mostShown] = [3_000, 3, 120];

/**
 * What changes from one text to another, as a unified diff with every secret masked; a line that differs in a secret alone is
 * there with the mask on both sides. Null for what is no text, or too long to be looked through.
 */
export function maskedDiff(path: string, from: Uint8Array, to: Uint8Array): string | null {
  const [before, after] = [linesOf(from), linesOf(to)];
  if (before === null || after === null) return null;
  const [oldShown, newShown] = [maskedLines(before), maskedLines(after)];
  const edits = editsOf(before, after);
  const text: string[] = [];
  for (const hunk of hunksOf(edits)) {
    const [first] = hunk;
    if (first === undefined) continue;
    const [oldCount, newCount] = [
      hunk.filter(({ sign }) => sign !== '+'),
      hunk.filter(({ sign }) => sign !== '-'),
    ];
    text.push(
      `@@ -${first.old + (oldCount.length > 0 ? 1 : 0)},${oldCount.length} +${first.new + (newCount.length > 0 ? 1 : 0)},${newCount.length} @@`,
    );
    for (const { sign, old, new: at } of hunk)
      text.push(`${sign}${sign === '+' ? newShown[at] : oldShown[old]}`);
  }
  const more = text.length - mostShown;
  const shown = more > 0 ? [...text.slice(0, mostShown), `… and ${more} more lines`] : text;
  return [`--- ${path}`, `+++ ${path}`, ...shown.map((line) => line.slice(0, 300))].join('\n') + '\n';
}

function linesOf(content: Uint8Array): string[] | null {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return null;
  }
  if (text.includes('\0')) return null;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.length > mostLines ? null : lines;
}

/** A line that stays, goes or comes, and where it, or what comes next, is in either text; from 0. */
interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly old: number;
  readonly new: number;
}

/** By the longest common subsequence of what lies between the equal beginning and the equal end. */
function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const rest = Math.min(before.length, after.length) - start;
  while (end < rest && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const [rows, columns] = [before.length - end - start, after.length - end - start];
  const width = columns + 1;
  const lengths = new Uint16Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row -= 1)
    for (let column = columns - 1; column >= 0; column -= 1)
      lengths[row * width + column] =
        before[start + row] === after[start + column]
          ? lengths[(row + 1) * width + column + 1]! + 1
          : Math.max(lengths[(row + 1) * width + column]!, lengths[row * width + column + 1]!);
  const edits: Edit[] = [];
  let [row, column] = [-start, -start];
  while (row < rows + end || column < columns + end) {
    const at = { old: start + row, new: start + column };
    const outside = row < 0 || (row >= rows && column >= columns);
    if (outside || (row < rows && column < columns && before[at.old] === after[at.new])) {
      edits.push({ sign: ' ', ...at });
      row += 1;
      column += 1;
    } else if (
      column >= columns ||
      (row < rows && lengths[(row + 1) * width + column]! >= lengths[row * width + column + 1]!)
    ) {
      edits.push({ sign: '-', ...at });
      row += 1;
    } else {
      edits.push({ sign: '+', ...at });
      column += 1;
    }
  }
  return edits;
}

/** What is changed with what is around it; hunks that touch are one. */
function hunksOf(edits: readonly Edit[]): Edit[][] {
  const near = edits.map((_, at) =>
    edits.slice(Math.max(0, at - around), at + around + 1).some(({ sign }) => sign !== ' '),
  );
  const hunks: Edit[][] = [];
  for (const [at, edit] of edits.entries()) {
    if (near[at] !== true) continue;
    if (at === 0 || near[at - 1] !== true) hunks.push([]);
    hunks.at(-1)!.push(edit);
  }
  return hunks;
}
