import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { routes } from '@holdfast/model/api';
import { openApiDocument } from './document.ts';

const document = openApiDocument('0.1.0');
const paths = document['paths'] as Record<
  string,
  Record<string, { operationId: string; security?: unknown }>
>;

describe('the description of the REST API', () => {
  test('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });

  test('has every route, once', () => {
    const ids = Object.values(paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(ids.toSorted()).toEqual(Object.keys(routes).toSorted());
  });

  test('refers only to schemas that are there', () => {
    const schemas = (document['components'] as { schemas: object }).schemas;
    const named = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map((m) => m[1]!);
    expect(named.filter((name) => !(name in schemas))).toEqual([]);
    expect(Object.keys(schemas).filter((name) => !named.includes(name))).toEqual([]);
  });

  test('asks for no token where none is needed, and only there', () => {
    const open = Object.values(paths)
      .flatMap((path) => Object.values(path))
      .filter(({ security }) => security !== undefined)
      .map(({ operationId }) => operationId);
    expect(open).toEqual(['logIn']);
  });
});
