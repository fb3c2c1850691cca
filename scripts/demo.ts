import { parseArgs } from 'node:util';
import { etcdMinors, isEtcdMinor } from '@holdfast/test-servers';
import { clusterFile, demoHome, makeHome, repository, stateDir, stopDemo } from './demo/place.ts';
import { type Ending, playStory } from './demo/story.ts';

const help = `npm run demo                 two of three real etcd members are lost and brought back; all go on running
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
  console.log('\nHoldfast: an etcd cluster is saved, loses its quorum, and is brought back.\n');
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
  await stopDemo();
  console.log('\nStopped; nothing of the demo is left.');
  process.exit(130);
}

function lastWords(script: boolean, { endpoints, snapshot }: Ending): string {
  if (script) return '\nAll proven. Everything is stopped and removed.';
  const request = `--cluster-file ${clusterFile} --repo ${repository} --state-dir ${stateDir}`;
  return `
All proven. The restored cluster goes on running. What was done, and what a drill has measured:

  npx holdfast restore status latest --state-dir ${stateDir}
  npx holdfast drill list --state-dir ${stateDir}
  npx holdfast status --repo ${repository}

Back to the disaster, then the other way, from the snapshot:

  npx holdfast restore rollback latest --repo ${repository} --state-dir ${stateDir}
  npx holdfast restore run --way snapshot --snapshot ${snapshot} ${request}

A disaster of your own: kill members, delete their data below ${demoHome}, and ask

  npx holdfast restore plan ${request}

One more snapshot:

  npx holdfast snapshot save --repo ${repository} --cluster demo --endpoints ${endpoints.join(',')}

Stop it with: npm run demo -- --stop`;
}

await main();
process.exit();
