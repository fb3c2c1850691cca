import { type Policy, PolicyFile, policyFaults } from '@holdfast/model';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';

/** A text that is not a valid policy file: the first fault in it. */
export interface TextFault {
  /** From 1 on. */
  readonly line: number;
  /** The field, dotted, then what is wrong with it; without full stop. */
  readonly problem: string;
}

/** A text that is one. */
export interface CheckedText {
  readonly policies: readonly Policy[];
  /** With its comments and its order, to be changed and written again. */
  readonly document: Document;
}

type Path = readonly PropertyKey[];
type Issue = NonNullable<ReturnType<typeof PolicyFile.safeParse>['error']>['issues'][number];

/** Reads the text of a policy file, and checks all that it says. */
export function checkedText(text: string, now: Date): CheckedText | TextFault {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number): number => Math.max(lines.linePos(offset).line, 1);
  const [broken] = document.errors;
  if (broken !== undefined) return { line: lineAt(broken.pos[0]), problem: broken.message };
  const lineOf = (path: Path): number => {
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    if (isNode(node) && node.range) return lineAt(node.range[0]);
    return path.length === 0 ? 1 : lineOf(path.slice(0, -1));
  };
  const content = contentOf(document);
  if (content instanceof Error) return { line: 1, problem: content.message };
  const checked = PolicyFile.safeParse(content.data);
  if (!checked.success) {
    const issue = checked.error.issues[0]!;
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
    return { line: lineOf(path), problem: `${fieldName(path, content.data)}: ${problemOf(issue)}` };
  }
  const fault = faultIn(checked.data.policies, now);
  if (fault === undefined) return { policies: checked.data.policies, document };
  return { line: lineOf(fault.path), problem: `${fieldName(fault.path, content.data)}: ${fault.problem}` };
}

/** Aliases that would grow beyond all measure are refused here. */
function contentOf(document: Document): { readonly data: unknown } | Error {
  try {
    return { data: document.toJS() };
  } catch (error) {
    return error as Error;
  }
}

function faultIn(policies: readonly Policy[], now: Date): { path: Path; problem: string } | undefined {
  const names = policies.map(({ name }) => name);
  for (const [at, policy] of policies.entries()) {
    if (names.indexOf(policy.name) < at) {
      return { path: ['policies', at, 'name'], problem: 'another policy has this name' };
    }
    const [fault] = policyFaults(policy, now);
    if (fault !== undefined) return { path: ['policies', at, ...fault.path], problem: fault.problem };
  }
  return undefined;
}

/** `policies.main.retention.within`: a policy by its name where it has one, since nobody counts them. */
function fieldName(path: Path, data: unknown): string {
  const [first, at, ...rest] = path;
  if (first !== 'policies' || typeof at !== 'number') return path.map(String).join('.') || 'the file';
  const { name } = ((data as { policies: unknown[] }).policies[at] ?? {}) as { name?: unknown };
  return ['policies', typeof name === 'string' ? name : at, ...rest].map(String).join('.');
}

function problemOf(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return 'there is no such field';
  if (issue.code === 'invalid_type' && issue.input === undefined && issue.message.endsWith('undefined')) {
    return 'it is missing';
  }
  return issue.message;
}
