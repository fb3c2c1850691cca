import { z } from 'zod';

/** When a job is due: by a cron line in a time zone of the IANA database, or every so many hours from the last run on. */
export const Schedule = z.union(
  [
    z.strictObject({ cron: z.string(), timeZone: z.string().default('UTC') }),
    z.strictObject({ intervalHours: z.number().positive() }),
  ],
  'a schedule has either cron, and timeZone if it is not UTC, or intervalHours, a number above 0',
);
export type Schedule = z.infer<typeof Schedule>;
