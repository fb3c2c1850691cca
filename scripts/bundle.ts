import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, formatMessages, type Metafile } from 'esbuild';
import { licencesOf } from './licences.ts';
import { root, runStep } from './step.ts';

/** How Node finds what was put into it: https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html. */
const resource = { name: 'NODE_SEA_BLOB', fuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2' };

/**
 * `npm run bundle`: makes dist/holdfast, the whole program and its Node in one file, and dist/THIRD-PARTY-LICENSES.txt. The
 * same sources, dependencies and Node give the same bytes. With an argument, it makes them in that folder.
 */
async function main(target: string): Promise<void> {
  const node = fileURLToPath(import.meta.resolve(`node-${process.platform}-${process.arch}/bin/node`));
  mkdirSync(target, { recursive: true });
  const work = mkdtempSync(join(target, '.bundle-'));
  try {
    const metafile = await bundleSources(join(work, 'holdfast.cjs'));
    const executable = join(work, 'holdfast');
    await putInto(executable, node, makeResource(work, node));
    const answer = execFileSync(executable, ['version'], { encoding: 'utf8' });
    if (!answer.includes('single executable')) throw new Error(`not what was to be built: ${answer}`);
    writeFileSync(join(target, 'THIRD-PARTY-LICENSES.txt'), licencesOf(metafile, node));
    renameSync(executable, join(target, 'holdfast'));
    const size = Math.round(statSync(join(target, 'holdfast')).size / 2 ** 20);
    process.stdout.write(`${answer}${join(target, 'holdfast')}: ${size} MiB\n`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One file of CommonJS, which is what Node 24 takes. Names stay, so that the stack of a bug can be read. */
async function bundleSources(outfile: string): Promise<Metafile> {
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: ['@holdfast/cli/executable'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifyWhitespace: true,
    // Node shows the line on which a program died.
    lineLimit: 120,
    legalComments: 'none',
    metafile: true,
    logLevel: 'error',
  });
  // A file that asks where it lies finds nothing there in the executable. This one asks in a checkout alone.
  const wrong = warnings.filter(({ location }) => location?.file !== 'packages/cli/src/origin.ts');
  if (wrong.length > 0) throw new Error((await formatMessages(wrong, { kind: 'error' })).join('\n'));
  return metafile;
}

/** Compiles the bundle in `work` with the Node that will run it; returns the file that is put into that. */
function makeResource(work: string, node: string): string {
  writeFileSync(join(work, 'commit'), commit());
  const config = {
    // Relative, since these names are kept in the executable.
    main: 'holdfast.cjs',
    output: 'resource',
    assets: { commit: 'commit' },
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    // As in the first line of bin/holdfast.js.
    execArgv: ['--max-semi-space-size=4'],
  };
  writeFileSync(join(work, 'config.json'), JSON.stringify(config));
  // The seed: else the compiled code differs from time to time.
  const args = ['--random-seed=1', '--experimental-sea-config', 'config.json'];
  execFileSync(node, args, { cwd: work, stdio: 'pipe' });
  return join(work, 'resource');
}

/** The commit that is checked out; empty where there is none to be had. */
function commit(): string {
  const args = ['describe', '--always', '--exclude=*', '--abbrev=12', '--dirty=-modified'];
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return '';
  }
}

async function putInto(executable: string, node: string, file: string): Promise<void> {
  copyFileSync(node, executable);
  chmodSync(executable, 0o755);
  const args = [executable, resource.name, file, '--sentinel-fuse', resource.fuse];
  const { status, output } = await runStep('postject', args, false);
  if (status !== 0) throw new Error(output);
}

await main(resolve(process.argv[2] ?? join(root, 'dist')));
