import { failureTable, type ExitCode } from '@holdfast/base';
import { code, generatedFrom, markdownTable } from './markdown.ts';

/** What each exit status means, in the order of the reference. */
const statuses: Record<ExitCode, string> = {
  1: 'failed',
  2: 'the command line is wrong',
  3: 'finished, and something needs attention',
  4: 'damage found',
  10: 'no repository',
  11: 'repository locked',
  12: 'wrong key',
  13: 'etcd cannot be reached or is not healthy',
  14: 'refused beforehand, nothing was changed',
  20: 'not confirmed, nothing was changed',
  78: 'bad configuration, or Node.js is too old',
  130: 'interrupted (SIGINT)',
  143: 'terminated (SIGTERM, SIGHUP)',
};

/** docs/reference/errors.md: every failure of the table by exit status, with an anchor per code. */
export function errorsReference(): string {
  const failures = Object.entries(failureTable);
  const sections = Object.entries(statuses).flatMap(([status, meaning]) => {
    const rows = failures.filter(([, row]) => row.exit === Number(status));
    return rows.length === 0
      ? []
      : [
          `## Exit ${status}: ${meaning}`,
          ...rows.flatMap(([name, row]) => [`### ${name}`, `${sentence(row.what)} ${row.next}`]),
        ];
  });
  return (
    [
      generatedFrom('the failure table (packages/base/src/failure-table.ts)'),
      '# Errors and exit statuses',
      'A command that fails prints three lines on stderr: what happened, why, and what to do next, with the code that stands here. Under `-o json` stderr holds one JSON object per line: each warning has `warning`, the failure `code`, `message`, `why`, `hint`, `details` and `exitCode`. `--debug` adds stacks.',
      'Codes and exit statuses are a contract: they are added to, never changed. An unknown exit status means failure.',
      markdownTable(
        ['exit', 'means'],
        [['0', 'done'], ...Object.entries(statuses).map(([status, meaning]) => [status, meaning])],
      ),
      `Words in braces stand for values, which are also in ${code('details')}.`,
      ...sections,
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

function sentence(what: string): string {
  const isName = what.startsWith('etcd ');
  return `**${isName ? what : what.charAt(0).toUpperCase() + what.slice(1)}.**`;
}
