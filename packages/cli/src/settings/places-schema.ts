import { resolve } from 'node:path';
import { parseEncryption, parseLock } from '@holdfast/repository/s3-words';
import { z } from 'zod';
import { encryptionWord, refuseLogin } from './checked-value.ts';
import { limitFields, s3Fields, type FieldForm, type PlaceField } from './place-fields.ts';
import type { DescribedS3, Place, PlaceLimits } from './places.ts';
import { parseBytes } from './s3-words.ts';

/** Takes what `read` takes, and tells what it throws as the field's fault. */
function readable(read: (text: string) => unknown): z.ZodType<string> {
  return z.string().superRefine((text, context) => {
    try {
      read(text);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  });
}

const bytes = z.union([z.number(), z.string()]).transform((text, context) => {
  try {
    return parseBytes(text);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
});

const text = z.string().min(1);

const forms: Record<FieldForm, z.ZodType> = {
  text,
  path: text,
  boolean: z.boolean(),
  count: z.int().min(1),
  bytes,
  role: z.union([
    text.transform((arn) => ({ arn })),
    z.strictObject({
      arn: text,
      externalId: text.optional(),
      sessionName: text.optional(),
      endpoint: text.optional(),
    }),
  ]),
  encryption: readable(parseEncryption),
  lock: readable(parseLock),
  proxy: readable(refuseLogin),
  style: z.enum(['auto', 'path', 'virtual-host']),
  conditions: z.enum(['probe', 'none']),
};

function shapeOf(fields: Readonly<Record<string, PlaceField>>): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { form }]) => [
      name,
      name === 'bucket' ? forms[form] : forms[form].optional(),
    ]),
  );
}

const entry = z
  .strictObject({
    path: text.optional(),
    s3: z.strictObject(shapeOf(s3Fields)).optional(),
    required: z.boolean().default(true),
    dropLocal: z.boolean().default(false),
    limits: z.strictObject(shapeOf(limitFields)).default({}),
  })
  .refine(({ path, s3 }) => (path === undefined) !== (s3 === undefined), 'it needs either path or s3')
  .refine(({ path, dropLocal }) => path !== undefined || !dropLocal, 'dropLocal is about a folder');

/** The repositories of a configuration file, by their names. */
export const placesSchema = z.record(
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a name has letters, digits and . _ - (at most 63)'),
  entry,
);

/** What the schema lets through. */
export type ConfiguredPlaces = z.output<typeof placesSchema>;

/** A checked entry as a place. @param folder where relative paths start */
export function placeOf(name: string, checked: ConfiguredPlaces[string], folder: string): Place {
  const { path, s3, required, dropLocal } = checked;
  const limits = checked.limits as PlaceLimits;
  if (path !== undefined) return { name, required, dropLocal, limits, at: { folder: resolve(folder, path) } };
  const described = s3 as unknown as DescribedS3;
  const { caFile, credentialsFile, encryption } = described;
  return {
    name,
    required,
    dropLocal,
    limits,
    at: {
      s3: {
        ...described,
        ...(caFile !== undefined && { caFile: resolve(folder, caFile) }),
        ...(credentialsFile !== undefined && { credentialsFile: resolve(folder, credentialsFile) }),
        ...(encryption !== undefined && { encryption: encryptionWord(encryption, folder) }),
      },
    },
  };
}
