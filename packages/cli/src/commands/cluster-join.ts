import { resolve } from 'node:path';
import { spanMs } from '@holdfast/model';
import { InvalidArgumentError, Option } from 'commander';
import { wholeNumber, withServer } from '../program/options.ts';
import { lengthOfTime } from '../program/span.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { clusterNamed } from '../remote/clusters.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { writeSecret } from '../remote/logins.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';
import { moment } from '../term/when.ts';

interface JoinOptions {
  readonly lifetime: string;
  readonly uses?: number | null;
  readonly tokenOut?: string;
}

export function addClusterJoin(parent: Verb): void {
  const verb = parent.command('join');
  verb
    .description('Make a token with which nodes join a cluster, and print the command for their agents.')
    .argument('<cluster>', 'its name or id')
    .addOption(
      new Option('--lifetime <span>', 'how long it can be used, a week at most')
        .argParser(joinLifetime)
        .default('1h'),
    )
    .addOption(
      new Option('--uses <n>', 'how many nodes may join with it (default: any number)').argParser(
        wholeNumber(1),
      ),
    )
    .option('--token-out <file>', 'write the token there, for this user alone, in place of printing it')
    .example('For the nodes of a cluster, within an hour', 'holdfast cluster join prod')
    .example(
      'For one node, without showing the token',
      'holdfast cluster join prod --uses 1 --token-out token',
    )
    .remark(
      'The token is told this once. An agent needs it once: from then on it is known by its certificate.',
    )
    .answers(async (session, options: JoinOptions, name) =>
      withFleet(session, (fleet) => join(session, fleet, options, name)),
    );
  withServer(verb);
}

/** What the server takes. @throws InvalidArgumentError */
function joinLifetime(text: string): string {
  const ms = spanMs(lengthOfTime(text));
  if (ms >= 60_000 && ms <= 7 * 86_400_000) return text;
  throw new InvalidArgumentError('It must be a minute at least and a week at most.');
}

async function join(
  session: Session,
  fleet: Fleet,
  { lifetime, uses = null, tokenOut }: JoinOptions,
  word: string,
): Promise<Answer> {
  const cluster = await clusterNamed(fleet, word);
  const made = await fleet.client.call('createJoinToken', {
    params: { cluster: cluster.id },
    body: { lifetimeSeconds: Math.round(spanMs(lifetime) / 1_000), uses },
  });
  const file = tokenOut === undefined ? undefined : resolve(session.io.cwd, tokenOut);
  const { token, ...known } = made;
  if (file !== undefined) await writeSecret(file, `${token}\n`);
  const command = commandLine([
    ...['holdfast', 'agent', '--server', fleet.url],
    ...['--server-ca-sha256', made.caSha256, '--token-file', file ?? 'join-token'],
  ]);
  const many = uses === null ? 'any number of nodes' : uses === 1 ? 'one node' : `${uses} nodes`;
  const shown = file === undefined ? { token } : { tokenFile: file };
  return {
    json: { apiVersion, kind: 'JoinToken', ...known, ...shown, command },
    names: [file ?? token],
    text: (view) =>
      [
        `For ${many} of cluster ${view.style('strong', cluster.name)}, until ${moment(made.expiresAt, view.utc)}.`,
        ...(file === undefined
          ? [
              'The token, which is told this once:',
              `  ${token}`,
              'Put it into a file join-token on each node that only its owner may read (mode 0600), and start the agent there,',
            ]
          : [`The token is in ${file}. Bring it to each node, and start the agent there,`]),
        'with what else it needs to reach its etcd (--endpoints, --cacert, --cert, --key):',
        `  ${command}`,
        '',
      ].join('\n'),
  };
}
