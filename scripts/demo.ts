import { parseArgs } from 'node:util';
import { etcdMinors, isEtcdMinor } from '@holdfast/test-servers';
import { demoHome, makeHome, passwordFile, stopDemo } from './demo/place.ts';
import { backupEtcd, curlLines, restoreFromEtcdBackup, shellSetting } from './demo/rancher.ts';
import { type Ending, playStory } from './demo/story.ts';

const help = `npm run demo                 a server and three agents bring back two of three real etcd members; all go on running
npm run demo -- --script     the same in both ways, without a person: exits 0 only if all is proven
npm run demo -- --stop       stops a demo that goes on running, and removes its data
npm run demo -- --etcd 3.5   with another etcd (${etcdMinors.join(', ')})`;

/** The words after `npm run demo --`; undefined when they are wrong, which has been told then. */
function wanted() {
  try {
    const { values } = parseArgs({
      options: {
        script: { type: 'boolean', default: false },
        stop: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        etcd: { type: 'string', default: '3.6' },
      },
    });
    const { etcd, ...rest } = values;
    if (isEtcdMinor(etcd)) return { ...rest, etcd };
    console.error(`--etcd takes ${etcdMinors.join(', ')}`);
  } catch (error) {
    console.error((error as Error).message);
  }
  console.error(help);
  process.exitCode = 2;
  return undefined;
}

async function main(): Promise<void> {
  const values = wanted();
  if (values === undefined) return;
  if (values.help) return console.log(help);
  const stopped = await stopDemo();
  if (values.stop)
    return console.log(stopped ? 'The demo is stopped and its data removed.' : 'No demo was running.');
  if (stopped) console.log('An earlier demo was stopped.');
  makeHome();
  console.log(
    '\nHoldfast: an etcd cluster is saved, loses its quorum, and is brought back, by a server and its agents.\n',
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void (givingUp ??= giveUp()));
  try {
    const ending = await playStory(values.etcd, values.script);
    if (givingUp !== undefined) return await givingUp;
    if (values.script) await stopDemo();
    console.log(
      process.exitCode === undefined ? lastWords(values.script, ending) : '\nNot all is proven: see above.',
    );
  } catch (error) {
    // Whatever a child says of having been interrupted is no news.
    if (givingUp !== undefined) return await givingUp;
    await stopDemo();
    throw error;
  }
}

let givingUp: Promise<void> | undefined;

/** A person had enough: nothing goes on running, nothing is left. */
async function giveUp(): Promise<void> {
  // Once more where something was just being started.
  while (await stopDemo());
  console.log('\nStopped; nothing of the demo is left.');
  process.exit(130);
}

function lastWords(script: boolean, { fleet, saved }: Ending): string {
  if (script) return '\nAll proven. Everything is stopped and removed.';
  const variables = Object.entries(fleet.variables).map(([name, value]) => `${name}='${value}'`);
  return `
All proven. The server (${fleet.url}), its agents and the restored cluster go on running. How things
stand, what was done, and how the cluster would be brought back without this server:

  export ${variables.slice(0, 2).join(' ')}
  export ${variables.slice(2).join(' ')}
  npx holdfast cluster show demo
  npx holdfast operation list
  npx holdfast restore status latest

  ${shellSetting}
  curl -H "Authorization: Bearer $TOKEN" '${fleet.url}/v1/clusters/${fleet.cluster}/runbook'

One more snapshot, as scripts for Rancher ask for it:

${indented(curlLines(fleet, backupEtcd))}

A disaster of your own, what could be done, and the other way, from the snapshot:

  pkill -KILL -f -- '--data-dir=${demoHome}/cp-[23]'; rm -r ${demoHome}/cp-[23].etcd
  npx holdfast restore plan

${indented(curlLines(fleet, restoreFromEtcdBackup(saved.backup)))}

The user is admin; the password is in ${passwordFile}.
Stop it with: npm run demo -- --stop`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}

await main();
process.exit();
