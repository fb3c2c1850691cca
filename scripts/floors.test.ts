import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What each package may import of the others: arrows go down only, siblings never know each other (ARCHITECTURE.md). */
const below: Record<string, readonly string[]> = {
  base: [],
  model: ['base'],
  repository: ['base', 'model'],
  etcd: ['base', 'model'],
  kube: ['base', 'model'],
  engine: ['base', 'model', 'repository', 'etcd', 'kube'],
  client: ['base', 'model'],
  agent: ['base', 'model', 'repository', 'etcd', 'kube', 'engine'],
  server: ['base', 'model', 'repository', 'engine'],
  cli: ['base', 'model', 'repository', 'etcd', 'engine', 'client', 'agent', 'server'],
};

const drawers = new Set(['utils', 'util', 'helpers', 'services', 'managers', 'common', 'lib', 'misc']);

const root = join(import.meta.dirname, '..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|js)$/.test(file) && !file.includes('node_modules'))
    .map((file) => `${folder}/${file}`);
}

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

const isTest = (file: string): boolean => /\.test\.ts$|\/testing\//.test(file);

test('every package of the tree has its place among the floors', () => {
  expect(readdirSync(join(root, 'packages')).toSorted()).toEqual(Object.keys(below).toSorted());
});

test('imports between packages go down only', () => {
  const wrong: string[] = [];
  for (const [name, allowed] of Object.entries(below)) {
    for (const file of sources(`packages/${name}`)) {
      for (const specifier of imports(file)) {
        const other = /^@holdfast\/([\w-]+)/.exec(specifier)?.[1];
        if (other === undefined || other === name) continue;
        if (!allowed.includes(other) && !(other === 'test-servers' && isTest(file)))
          wrong.push(`${file} imports ${specifier}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('no relative import leaves its package', () => {
  const wrong: string[] = [];
  for (const name of Object.keys(below)) {
    for (const file of sources(`packages/${name}`).filter((each) => !isTest(each))) {
      const depth = file.split('/').length - 3;
      for (const specifier of imports(file)) {
        if ((specifier.match(/\.\.\//g)?.length ?? 0) > depth) wrong.push(`${file} imports ${specifier}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('the model and the base touch neither files nor network nor processes', () => {
  const wrong = ['base', 'model'].flatMap((name) =>
    sources(`packages/${name}`)
      .filter((file) => !isTest(file))
      .flatMap((file) => imports(file).map((specifier) => `${file} imports ${specifier}`))
      .filter((line) => / imports node:(?!timers\/promises$)/.test(line)),
  );
  expect(wrong).toEqual([]);
});

test('folders are nouns of the domain, not drawers', () => {
  const all = [...sources('packages'), ...sources('test'), ...sources('scripts')];
  expect(all.filter((file) => file.split('/').some((part) => drawers.has(part)))).toEqual([]);
});
