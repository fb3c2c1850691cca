import { origin } from '../origin.ts';
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
  const { form, git } = origin();
  return {
    json: { apiVersion, kind: 'Version', version, form, git: git ?? null, node, openssl, formats },
    names: [version],
    text: () =>
      `holdfast ${version}\n${pairs(
        [
          ['form', form],
          ['git', git],
          ['node', node],
          ['openssl', openssl],
          ['formats', `reads ${formats.reads.join(', ')}, writes ${formats.writes}`],
        ],
        '  ',
      )}`,
  };
}
