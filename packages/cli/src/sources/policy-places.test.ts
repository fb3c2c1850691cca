import { Policy } from '@holdfast/model';
import { expect, test } from 'vitest';
import type { Place } from '../settings/places.ts';
import { refuseUnknownPlaces } from './policy-places.ts';

const nas: Place = { name: 'nas', required: true, dropLocal: false, limits: {}, at: { folder: '/mnt/nas' } };
const session = { repositories: new Map([['nas', nas]]), settings: { policyFile: '/etc/policies.yaml' } };
const storingIn = (repository: string): Policy =>
  Policy.parse({
    name: 'main',
    schedule: { cron: '0 * * * *' },
    targets: [{ repository }],
    retention: { last: 1 },
  });

test.each(['nas', '/backup', 's3://bucket/folder'])('a policy may store in %s', (repository) => {
  expect(() => refuseUnknownPlaces([storingIn(repository)], session)).not.toThrow();
});

test.each(['nass', './backup', 'S3://bucket'])('a policy that stores in %s is refused', (repository) => {
  expect(() => refuseUnknownPlaces([storingIn('nas'), storingIn(repository)], session)).toThrow(
    expect.objectContaining({
      code: 'policy-invalid',
      why: expect.stringContaining(`"${repository}"`) as unknown,
    }),
  );
});
