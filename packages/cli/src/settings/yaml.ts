import { LineCounter, isNode, parseDocument } from 'yaml';
import { z } from 'zod';
import { limitFields, s3Fields } from './place-fields.ts';
import { placesSchema, type ConfiguredPlaces } from './places-schema.ts';
import { settingRows, settingTable, type SettingForm, type SettingName } from './table.ts';
import type { SettingValue } from './value.ts';

/** What a configuration file says, as it says it. */
interface FileContent {
  readonly values: Map<SettingName, { value: SettingValue; line: number }>;
  /** Undefined where it describes none. */
  readonly repositories: ConfiguredPlaces | undefined;
}

/**
 * The settings in the text of a configuration file, with their lines.
 *
 * @param refuse called with the line and the problem when the text is not valid; it throws
 */
export function parseSettings(text: string, refuse: (line: number, problem: string) => never): FileContent {
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
    const problem = unknown === undefined ? problemOf(issue) : unknownKey(path.map(String));
    refuse(lineOf(path), unknown === undefined ? `${path.join('.') || 'the file'}: ${problem}` : problem);
  }
  const data = checked.data as Record<string, unknown>;
  const found: FileContent['values'] = new Map();
  for (const row of settingRows) {
    const path = row.file?.split('.') ?? [];
    const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], data);
    if (path.length > 0 && value !== undefined) {
      found.set(row.name, { value: value as SettingValue, line: lineOf(path) });
    }
  }
  return { values: found, repositories: data['repositories'] as ConfiguredPlaces | undefined };
}

const list = z.union([z.array(z.string()), z.string().transform((text) => text.split(/\s*,\s*/))]);
const place = z.string().min(1);

const forms: Record<SettingForm, z.ZodType> = {
  text: z.string(),
  path: z.string().min(1),
  list,
  boolean: z.boolean(),
  places: z.union([z.array(place).min(1), place.transform((text) => [text])]),
  proxy: z.string(),
  encryption: z.string(),
  lock: z.string(),
};

const groups = new Set(settingRows.flatMap(({ file }) => (file?.includes('.') ? file.split('.')[0]! : [])));

const schema = z.strictObject({
  ...shapeBelow(''),
  ...Object.fromEntries(
    [...groups].map((group) => [group, z.strictObject(shapeBelow(`${group}.`)).optional()]),
  ),
  repositories: placesSchema.optional(),
});

/** The keys of the table that stand directly below a prefix. */
function shapeBelow(prefix: string): Record<string, z.ZodType> {
  return Object.fromEntries(
    settingRows
      .filter((row) => row.file?.startsWith(prefix) && !row.file.slice(prefix.length).includes('.'))
      .map((row) => [row.file!.slice(prefix.length), forms[row.form].optional()]),
  );
}

/** A name that is not one has its reason a level deeper. */
function problemOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
}

/** Keys of secrets, as people and other programs call them. */
const secrets: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/passphrase$/i, `name a file of its own with ${settingTable.passphraseFile.file}`],
  [/password$/i, `name a file of its own with ${settingTable.passwordFile.file}`],
  [
    /(access_?key(_?id)?|secret_?(access_?)?key|session_?token|secret)$/i,
    'name a file of its own with credentialsFile',
  ],
];

function unknownKey(path: readonly string[]): string {
  const key = path.join('.');
  const instead = secrets.find(([pattern]) => pattern.test(key))?.[1];
  if (instead !== undefined) return `${key} is not read from this file; ${instead}`;
  if (path[0] === 'repositories' && path.length > 2) {
    return `${key} is not a field of a repository; there are ${fieldsBeside(path).join(', ')}`;
  }
  const known = settingRows.flatMap((row) => row.file ?? []).join(', ');
  return `${key} is not a setting; there are ${known}, repositories`;
}

function fieldsBeside([, , group, sub]: readonly string[]): string[] {
  if (sub === 'role') return ['arn', 'externalId', 'sessionName', 'endpoint'];
  if (sub === undefined) return ['path', 's3', 'required', 'dropLocal', 'limits'];
  return Object.keys(group === 'limits' ? limitFields : s3Fields);
}
