import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the checkout. */
export const root = join(import.meta.dirname, '../..');

/** A page of the project, by its path from the root. */
export function page(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The part of a page below a heading of the second rank. */
export function part(path: string, title: string): string {
  return page(path)
    .split('\n## ')
    .find((each) => each.startsWith(`${title}\n`))!;
}

/** The commands of a page's console blocks, without comments and with continued lines joined. */
export function commandsOf(text: string): string[] {
  return [...text.matchAll(/```(?:console|sh)\n(.*?)```/gs)]
    .flatMap((match) => match[1]!.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}
