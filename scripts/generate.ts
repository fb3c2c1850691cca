import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { runStep, root } from './step.ts';

/** Every generated file of the checkout: its path from the root, and what it should hold. */
async function generated(): Promise<Map<string, string>> {
  return new Map([
    ...(await reference()),
    ...(await apiReference()),
    ...(await checksumModule()),
    ...(await protocolMessages()),
  ]);
}

/** docs/reference, from the command tree, the failure table and the settings table. */
async function reference(): Promise<Map<string, string>> {
  const { generateReference } = await import('../packages/cli/src/docs/index.ts');
  return generateReference();
}

/** The REST API's description and its page, from the route table. */
async function apiReference(): Promise<[string, string][]> {
  const { apiReferencePage, openApiDocument } = await import('../packages/server/src/api/openapi/index.ts');
  const { version } = await import('../packages/cli/src/version.ts');
  return [
    ['docs/reference/api.json', `${JSON.stringify(openApiDocument(version), null, 1)}\n`],
    ['docs/reference/api.md', apiReferencePage()],
  ];
}

/** The CRC-32C module, from its WebAssembly text. */
async function checksumModule(): Promise<[string, string][]> {
  const { generate } = await import('../packages/etcd/src/crc32c/assemble.ts');
  return [...(await generate())].map(([path, content]) => [relative(root, path), content]);
}

/** etcd's messages, from etcd.proto. */
async function protocolMessages(): Promise<[string, string][]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-generate-'));
  try {
    const { status, output } = await runStep('buf', ['generate', '--output', folder], false, 'packages/etcd');
    if (status !== 0) throw new Error(output);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    return files.map((file) => [join('packages/etcd', file), readFileSync(join(folder, file), 'utf8')]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The generated files that are not what they should be. */
export async function staleFiles(): Promise<string[]> {
  return [...(await generated())]
    .filter(([path, content]) => current(path) !== content)
    .map(([path]) => path);
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

async function write(): Promise<void> {
  for (const [path, content] of await generated()) {
    if (current(path) === content) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    console.log(`wrote ${path}`);
  }
}

if (import.meta.main) await write();
