import { readFile } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import { ClusterDescription } from '@holdfast/model';
import type { Document } from 'yaml';
import { firstDouble } from './cluster-doubles.ts';

/**
 * Reads the description of a cluster that a person keeps: YAML, or JSON, which is YAML too.
 *
 * @param path absolute
 * @throws Failure `cluster-file-invalid` that names the line and the field, `file-unreadable`
 */
export async function readClusterFile(path: string): Promise<ClusterDescription> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
  return await parseClusterFile(text, path);
}

/** The same from its text; `path` is only named. */
export async function parseClusterFile(text: string, path: string): Promise<ClusterDescription> {
  const { LineCounter, isNode, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document: Document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number): number => Math.max(lines.linePos(offset).line, 1);
  const refuse = (line: number, problem: string): never => {
    throw new Failure('cluster-file-invalid', `line ${line}: ${problem}`, { path, line });
  };
  const [broken] = document.errors;
  if (broken !== undefined) refuse(lineAt(broken.pos[0]), broken.message);

  const lineOf = (field: readonly PropertyKey[]): number => {
    const node = field.length === 0 ? document.contents : document.getIn(field, true);
    if (isNode(node) && node.range) return lineAt(node.range[0]);
    return field.length === 0 ? 1 : lineOf(field.slice(0, -1));
  };
  const checked = ClusterDescription.safeParse(plainValue(document, path));
  if (!checked.success) {
    const issue = checked.error.issues[0]!;
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const field = unknown === undefined ? issue.path : [...issue.path, unknown];
    const problem = unknown === undefined ? issue.message : 'there is no such field';
    return refuse(lineOf(field), `${fieldName(field)}: ${problem}`);
  }
  const doubled = firstDouble(checked.data);
  if (doubled !== undefined) refuse(lineOf(doubled.field), `${fieldName(doubled.field)}: ${doubled.problem}`);
  return checked.data;
}

function plainValue(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // An alias that leads nowhere, or to too much.
    throw new Failure('cluster-file-invalid', (cause as Error).message, { path }, { cause });
  }
}

/** `members[0].run.driver` */
function fieldName(field: readonly PropertyKey[]): string {
  const words = field.map((part, at) =>
    typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`,
  );
  return words.join('') || 'the file';
}
