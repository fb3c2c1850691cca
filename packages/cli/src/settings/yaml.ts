import { LineCounter, isNode, parseDocument } from 'yaml';
import { z } from 'zod';
import { settingRows, settingTable, type Setting, type SettingName } from './table.ts';
import type { SettingValue } from './value.ts';

/**
 * The settings in the text of a configuration file, with their lines.
 *
 * @param refuse called with the line and the problem when the text is not valid; it throws
 */
export function values(
  text: string,
  refuse: (line: number, problem: string) => never,
): Map<SettingName, { value: SettingValue; line: number }> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number): number => Math.max(lines.linePos(offset).line, 1);
  const [broken] = document.errors;
  if (broken !== undefined) refuse(lineAt(broken.pos[0]), broken.message);

  const lineOf = (path: readonly PropertyKey[]): number => {
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    return isNode(node) && node.range ? lineAt(node.range[0]) : lineOf(path.slice(0, -1));
  };
  const checked = schema.safeParse(document.toJS() ?? {});
  if (!checked.success) {
    const issue = checked.error.issues[0]!;
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0]! : undefined;
    const path = unknown === undefined ? issue.path : [...issue.path, unknown];
    const problem = unknown === undefined ? issue.message : unknownKey(path.join('.'));
    refuse(lineOf(path), unknown === undefined ? `${path.join('.') || 'the file'}: ${problem}` : problem);
  }
  const found = new Map<SettingName, { value: SettingValue; line: number }>();
  for (const row of settingRows) {
    const path = row.file?.split('.') ?? [];
    const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], {
      ...(checked.data as object),
    });
    if (path.length > 0 && value !== undefined) {
      found.set(row.name, { value: value as SettingValue, line: lineOf(path) });
    }
  }
  return found;
}

const forms: Record<Setting['form'], z.ZodType> = {
  text: z.string(),
  path: z.string().min(1),
  list: z.union([z.array(z.string()), z.string().transform((text) => text.split(/\s*,\s*/))]),
  boolean: z.boolean(),
};

const schema = z.strictObject({
  ...shapeBelow(''),
  etcd: z.strictObject(shapeBelow('etcd.')).optional(),
});

/** The keys of the table that stand directly below a prefix. */
function shapeBelow(prefix: string): Record<string, z.ZodType> {
  return Object.fromEntries(
    settingRows
      .filter((row) => row.file?.startsWith(prefix) && !row.file.slice(prefix.length).includes('.'))
      .map((row) => [row.file!.slice(prefix.length), forms[row.form].optional()]),
  );
}

function unknownKey(key: string): string {
  if (/password$/i.test(key)) {
    return `${key} is not read from this file; name a file of its own with ${settingTable.passwordFile.file}`;
  }
  const known = settingRows.flatMap((row) => row.file ?? []).join(', ');
  return `${key} is not a setting; there are ${known}`;
}
