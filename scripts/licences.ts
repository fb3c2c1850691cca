import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { root } from './step.ts';

/** What follows applies to one of them. */
const rule = `\n${'-'.repeat(100)}\n`;

/**
 * The licences of all that is in an executable beside Holdfast itself: Node, and each package that the bundle took a file of.
 *
 * @param node the Node in it, as in the package it came in
 */
export function licencesOf({ inputs }: Metafile, node: string): string {
  const packages = Map.groupBy(Object.keys(inputs), packageFolder);
  packages.delete(undefined);
  const bundled = [...packages].sort(([one], [other]) => (one! < other! ? -1 : 1));
  return [
    licenceOf(join(node, '../..'), []),
    ...bundled.map(([folder, files]) => licenceOf(join(root, folder!), files)),
  ].join(rule);
}

/** The folder of the package that a file belongs to; none for Holdfast's own. */
function packageFolder(file: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
}

function licenceOf(folder: string, files: readonly string[]): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const texts = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const said = texts.length > 0 ? texts : copyrightsIn(files);
  return [`${name} ${version} (${license})`, ...said].join('\n\n') + '\n';
}

/** What the sources begin with, for a package that brings no text of its licence. */
function copyrightsIn(files: readonly string[]): string[] {
  const heads = files.map((file) => {
    const source = readFileSync(join(root, file), 'utf8').replace(/^["']use strict["'];\n/, '');
    return /^(?:\/\/.*\n)+|^\/\*[^]*?\*\//.exec(source)?.[0].trim() ?? '';
  });
  return [...new Set(heads)].filter((head) => /copyright/i.test(head)).sort();
}
