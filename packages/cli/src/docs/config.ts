import { limitFields, s3Fields } from '../settings/place-fields.ts';
import { settingRows } from '../settings/table.ts';
import { code, generatedFrom, markdownTable } from './markdown.ts';

const example = `cluster: prod-eu
repositories:
  local: # --repo local
    path: /var/backups/holdfast
  offsite:
    required: false # a save that fails here alone has not failed
    s3:
      bucket: backups
      folder: clusters/prod-eu
      endpoint: https://s3.example.com:9000
      region: eu-central-1
      caFile: pki/s3-ca.crt # relative to this file
      credentialsFile: /etc/holdfast/s3-credentials
      lock: governance:30d
    limits:
      uploadPerSecond: 20 MiB
keys:
  signingKey: /etc/holdfast/signing.pem
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
    "A secret is never taken from a flag, where every user of the machine could read it, nor from this file: it has a file of its own or a variable. The file of a key, a passphrase or credentials is refused when others than its owner may read it (`chmod 600`; a Secret mounted into a pod: `defaultMode: 0400`). Relative paths in a file start in that file's folder, others in the working folder.",
    'A key that is not in this table is refused with its line and exit status 78, so a slip of the pen is not overlooked.',
    '## Repositories',
    '`--repo`, `HOLDFAST_REPO` and `repository:` take a folder, an address `s3://bucket/folder`, or the name of a repository that the file describes. A name goes before a folder of the same name, which is then written as `./name`. `repository:` may be a list, and `--repo` of `snapshot save` may be repeated: a save goes to all of them, and everything else reads the first. When nothing is chosen, all that the file describes are, in its order. Of two files that describe repositories the first of the list above counts.',
    'What the flags, variables and keys about S3 say is about buckets named by their address; a repository of the file has all of it in its own fields:',
    markdownTable(
      ['field of `repositories.NAME`', 'means'],
      [
        [code('path'), 'a folder; either this or `s3`'],
        [
          code('required'),
          '`false`: a best effort, whose failure is told and does not fail a save; `true` by default',
        ],
        [
          code('dropLocal'),
          '`true`: a save removes its copy in this folder once all other required ones are stored and read back',
        ],
        ...Object.entries(s3Fields).map(([name, { what }]) => [code(`s3.${name}`), what]),
        ...Object.entries(limitFields).map(([name, { what }]) => [code(`limits.${name}`), what]),
      ],
    ),
    "Without `credentialsFile` it is asked what AWS's own tools would ask: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, the profile files, a web identity, the container, the instance. A credentials file has lines `aws_access_key_id = …` and `aws_secret_access_key = …`, or `ACCESS_KEY=…` and `SECRET_KEY=…`. Bytes are written as `8388608`, `8 MiB` or `8MB`.",
    '## Example',
    `\`\`\`yaml\n${example}\n\`\`\``,
    '## Other variables',
    markdownTable(
      ['variable', 'means'],
      [
        [code('NO_COLOR'), 'set to anything: no colours'],
        [code('FORCE_COLOR'), 'set to anything but 0 or false: colours even where there is no terminal'],
        [code('TERM=dumb'), 'no colours'],
        [
          code('HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY'),
          'the way to S3 servers, unless a proxy is set',
        ],
        [code('AWS_…'), "credentials and the region for S3, as AWS's own tools take them"],
        [code('XDG_CACHE_HOME'), 'where compiled code is kept between runs, below `holdfast/`'],
      ],
    ),
  ].join('\n\n')}\n`;
}
