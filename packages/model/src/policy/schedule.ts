import { z } from 'zod';

/** When a job is due: by a cron line in a time zone of the IANA database, or every so many hours from the last run on. */
export const Schedule = z.union([
  z.strictObject({ cron: z.string(), timeZone: z.string().default('UTC') }),
  z.strictObject({ intervalHours: z.number().positive() }),
]);
export type Schedule = z.infer<typeof Schedule>;
