import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Verb } from '../program/verb.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { pairs } from '../term/table.ts';
import { version } from '../version.ts';

/** The formats of what Holdfast stores, docs/format.md: which it reads and the one that it writes. */
const formats = { reads: ['holdfast.dev/v1'], writes: 'holdfast.dev/v1' } as const;

export function addVersion(parent: Verb): void {
  const verb = parent.command('version');
  verb
    .description('Show the version of Holdfast and of what it runs on.')
    .example('For a bug report', 'holdfast version -o json')
    .answers(async () => versionAnswer());
}

function versionAnswer(): Answer {
  const { node, openssl } = process.versions;
  const git = gitRevision();
  return {
    json: { apiVersion, kind: 'Version', version, git: git ?? null, node, openssl, formats },
    names: [version],
    text: () =>
      `holdfast ${version}\n${pairs(
        [
          ['git', git],
          ['node', node],
          ['openssl', openssl],
          ['formats', `reads ${formats.reads.join(', ')}, writes ${formats.writes}`],
        ],
        '  ',
      )}`,
  };
}

/** The commit of the checkout that is run; an installed package has none. */
function gitRevision(): string | undefined {
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  if (!existsSync(`${root}.git`)) return undefined;
  try {
    return execFileSync('git', ['-C', root, 'rev-parse', '--short=12', 'HEAD'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return undefined;
  }
}
