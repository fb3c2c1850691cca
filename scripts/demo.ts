import { parseArgs } from 'node:util';
import { etcdMinors, isEtcdMinor } from '@holdfast/test-servers';
import { makeHome, stopDemo } from './demo/place.ts';
import { playStory, repository } from './demo/story.ts';

const help = `npm run demo                 three real etcd members are saved, destroyed and brought back; they go on running
npm run demo -- --script     the same without a person: stops everything, exits 0 only if all is proven
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
  console.log('\nHoldfast: an etcd cluster is saved, lost, and brought back.\n');
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void (givingUp ??= giveUp()));
  try {
    const cluster = await playStory(values.etcd, !values.script);
    if (values.script) await cluster[Symbol.asyncDispose]();
    console.log(
      process.exitCode === undefined
        ? ending(values.script, cluster.endpoints)
        : '\nNot all is proven: see above.',
    );
    if (values.script) await stopDemo();
  } catch (error) {
    // Whatever a child says of having been interrupted is no news.
    if (givingUp !== undefined) return givingUp;
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

function ending(script: boolean, endpoints: readonly string[]): string {
  if (script) return '\nAll proven. Everything is stopped and removed.';
  return `
All proven. The restored cluster goes on running. Try:

  npx holdfast snapshot list --repo ${repository}
  npx holdfast snapshot show latest --repo ${repository}
  npx holdfast status --repo ${repository}
  npx holdfast snapshot save --repo ${repository} --cluster demo --endpoints ${endpoints.join(',')}
  npx holdfast doctor --repo ${repository} --endpoints ${endpoints.join(',')}

Stop it with: npm run demo -- --stop`;
}

await main();
process.exit();
