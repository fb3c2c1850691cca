import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { ClusterDescription, type MemberDescription } from '@holdfast/model';
import type { Document } from 'yaml';

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

interface Mistake {
  readonly field: readonly PropertyKey[];
  readonly problem: string;
}

/** What is written twice a restore would do twice. */
function firstDouble(description: ClusterDescription): Mistake | undefined {
  return sharedData(description) ?? sharedUrl(description);
}

/** Two members in one directory are one member. */
function sharedData({ members }: ClusterDescription): Mistake | undefined {
  for (const [at, member] of members.entries()) {
    const housed = members
      .slice(0, at)
      .find((other) => resolve(other.dataDir) === resolve(member.dataDir) && sameMachine(other, member));
    if (housed === undefined) continue;
    return { field: ['members', at, 'dataDir'], problem: `it is that of member ${housed.name} too` };
  }
  return undefined;
}

/** What answers there for one API server would be taken for the other. The others listen on loopback, on each machine. */
function sharedUrl({ controlPlane }: ClusterDescription): Mistake | undefined {
  for (const [at, { component, urls }] of controlPlane.entries()) {
    if (component !== 'kube-apiserver') continue;
    const other = controlPlane
      .slice(0, at)
      .find((each) => each.component === component && each.urls.some((url) => urls.includes(url)));
    if (other === undefined) continue;
    const problem = `${other.name} listens there too; name where this one listens, not what stands before them`;
    return { field: ['controlPlane', at, 'urls'], problem };
  }
  return undefined;
}

/** Members on different machines may well have the same path. */
function sameMachine(one: MemberDescription, other: MemberDescription): boolean {
  const known = new Set(hostsOf(one.peerUrls));
  return hostsOf(other.peerUrls).some((host) => known.has(host));
}

function hostsOf(urls: readonly string[]): string[] {
  return urls.map((url) => URL.parse(url)?.hostname ?? url);
}
