import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * `npm install` leaves the packages of other platforms out of the lock where a registry does not have them, and then
 * `npm ci` refuses the lock, on this registry and on every other one.
 */
test('the lock names the packages of every platform, so that npm ci takes it', () => {
  const file = join(import.meta.dirname, '..', 'package-lock.json');
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> };
  const wrong = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name, version]) => {
        const locked = packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`];
        return locked === undefined || (/^\d/.test(version) && locked.version !== version);
      })
      .map(([name]) => `${path}: ${name}`),
  );
  expect(wrong).toEqual([]);
});
