import { settingRows } from '../settings/table.ts';
import { code, generatedFrom, markdownTable } from './markdown.ts';

const example = `repository: /var/backups/holdfast
cluster: prod-eu
etcd:
  endpoints:
    - https://10.0.0.1:2379
    - https://10.0.0.2:2379
  cacert: pki/ca.crt # relative to this file
  cert: pki/client.crt
  key: pki/client.key
  user: backup
  passwordFile: /etc/holdfast/etcd-password`;

/** docs/reference/config.md: every setting with its flag, variables and key, from the table that the code reads. */
export function configReference(): string {
  return `${[
    generatedFrom('the setting table (packages/cli/src/settings/table.ts)'),
    '# Configuration',
    'The first that gives a value wins:',
    [
      '1. the flag',
      '2. the `HOLDFAST_` variable (an empty one counts as not set)',
      "3. etcdctl's variable",
      '4. the file named by `--config` or `HOLDFAST_CONFIG`, else `$XDG_CONFIG_HOME/holdfast/config.yaml` (`~/.config/holdfast/config.yaml`)',
      '5. `/etc/holdfast/config.yaml`',
      '6. the default',
    ].join('\n'),
    '`holdfast config view --origin` shows what each setting came to and where it came from.',
    markdownTable(
      ['setting', 'flag', 'variable', "etcdctl's variable", 'key in the file', 'default'],
      settingRows.map((row) => [
        row.what,
        code(row.flag),
        code(row.variable),
        code(row.etcdctl),
        code(row.file),
        code(row.default) + (row.rootDefault === undefined ? '' : ` (root: ${code(row.rootDefault)})`),
      ]),
    ),
    "A password is never taken from a flag, where every user of the machine could read it, nor from this file: it has a file of its own or the variable. Relative paths in a file start in that file's folder, others in the working folder.",
    'A key that is not in this table is refused with its line and exit status 78, so a slip of the pen is not overlooked.',
    '## Example',
    `\`\`\`yaml\n${example}\n\`\`\``,
    '## Other variables',
    markdownTable(
      ['variable', 'means'],
      [
        [code('NO_COLOR'), 'set to anything: no colours'],
        [code('FORCE_COLOR'), 'set to anything but 0 or false: colours even where there is no terminal'],
        [code('TERM=dumb'), 'no colours'],
        [code('XDG_CACHE_HOME'), 'where compiled code is kept between runs, below `holdfast/`'],
      ],
    ),
  ].join('\n\n')}\n`;
}
