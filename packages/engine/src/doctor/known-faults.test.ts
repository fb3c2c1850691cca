import { describe, expect, it } from 'vitest';
import { knownFaults } from './known-faults.ts';

const issues = (version: string, members = 3): string[] =>
  knownFaults(version, members).map(({ issue }) => issue);

describe('what a release of etcd has to fear', () => {
  it.each([
    ['3.5.2', 3, ['13766', '14685', '19557']],
    ['3.5.3', 3, ['14685', '19557']],
    ['3.5.4', 1, ['14370', '14685', '19557']],
    ['3.5.6', 1, ['19557']],
    ['3.5.0', 3, ['13766', '14685']],
    ['3.5.20', 1, []],
    ['3.4.3', 3, ['11613']],
    ['3.4.20', 1, ['14370']],
    ['3.4.23', 1, []],
    ['3.6.0', 1, []],
    ['3.10.0', 1, []],
    ['3.5.21-k3s1', 3, []],
    ['3.5.2-k3s1', 3, ['13766', '14685', '19557']],
    ['unknown', 1, []],
  ] as const)('%s with %i members', (version, members, expected) => {
    expect(issues(version, members)).toEqual(expected);
  });
});
