import { routes, type Route, type RouteName } from '@holdfast/model/api';
import { z } from 'zod';
import { failureStatus } from '../failure-status.ts';
import { makeComponents, type Components, type JsonSchema } from './components.ts';

type Documented = Record<string, unknown>;

/** The description of the REST API in OpenAPI 3.1, made from the route table. */
export function openApiDocument(version: string): Documented {
  const components = makeComponents();
  const paths: Record<string, Documented> = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name];
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(name, route, components) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Holdfast',
      version,
      description: aboutAll,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Of POST /v1/login or /v1/self/tokens.' },
      },
      responses: { Problem: problemReply },
    },
  };
}

const aboutAll = [
  'The REST API of the control plane. Times are RFC 3339 in UTC, sizes bytes, lengths of time milliseconds where a name ends in Ms.',
  'Unknown fields are refused. A request that has not the shape it has to have is answered with 400 and `errors`, one that has and cannot be meant with 422, one that contradicts how things stand now with 409.',
  'Fields and routes are only ever added to what is told: a client passes over those it does not know.',
].join('\n\n');

const tags = [...new Set(Object.values<Route>(routes).map(tagOf))];

/** What a route is about: the last word of its path that names things rather than one of them or what is done to it. */
function tagOf({ path }: Pick<Route, 'path'>): string {
  const [first = '', , inner] = path.split('/').slice(2);
  if (first === 'login' || first === 'logout') return 'self';
  const isNoun = inner !== undefined && !['description', 'runbook', 'rescan'].includes(inner);
  return first === 'clusters' && isNoun ? inner : first;
}

function operationOf(name: RouteName, route: Route, components: Components): Documented {
  return {
    operationId: name,
    tags: [tagOf(route)],
    summary: route.summary,
    description: permissionWords(route),
    ...(route.permission === null ? { security: [] } : {}),
    parameters: parametersOf(route),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: { 'application/json': { schema: components.bodyOf(name) } },
          },
        }),
    responses: {
      [route.status]: successOf(name, route, components),
      ...Object.fromEntries(problemsOf(route).map((status) => [status, problemRef])),
      default: problemRef,
    },
  };
}

/** Who may, in a sentence. */
export function permissionWords({ permission, scope }: Route): string {
  if (permission === null) return 'Anybody may, without a token.';
  if (permission === 'self') return 'Everybody with a token may.';
  const where = {
    cluster: ' in the cluster',
    thing: ' in the cluster that it belongs to',
    some: ' in one cluster at least; what is told is of those alone',
  };
  return `Needs \`${permission}\`${scope === null ? ' in all clusters' : where[scope]}.`;
}

function parametersOf(route: Route): Documented[] {
  const isWrite = route.method !== 'GET';
  return [
    ...fieldsOf(route.params).map((field) => ({ ...field, in: 'path', required: true })),
    ...fieldsOf(route.query).map((field) => ({ ...field, in: 'query' })),
    ...(isWrite && route.etag !== undefined
      ? [header('If-Match', 'The ETag of what is changed, as "v3", or *', route.etag === 'required')]
      : []),
    ...(route.idempotent === true
      ? [
          header(
            'Idempotency-Key',
            'Asked again with it within a day, nothing more is done and the reply is the same',
          ),
        ]
      : []),
    ...(route.form === 'events'
      ? [
          header('Last-Event-ID', 'Goes on after the event of this number', false, {
            type: 'integer',
            minimum: 0,
          }),
        ]
      : []),
  ];
}

function header(
  name: string,
  description: string,
  required = false,
  schema: JsonSchema = { type: 'string' },
): Documented {
  return { name, in: 'header', required, description, schema };
}

function fieldsOf(schema: z.ZodObject | undefined): (Documented & { name: string })[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, of]) => ({
    name,
    required: required.includes(name),
    // What is written in an address is text: numbers are read from it.
    schema: sentSchema(of as JsonSchema, schema.shape[name] as z.ZodType),
  }));
}

function sentSchema(sent: JsonSchema, schema: z.ZodType): JsonSchema {
  if ('type' in sent || '$ref' in sent || 'anyOf' in sent) return sent;
  const { $schema: _schema, ...read } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  return { ...read, ...sent };
}

function successOf(name: RouteName, route: Route, components: Components): Documented {
  if (route.reply === null) return { description: 'It is done.' };
  const headers: Documented = {};
  if (route.etag !== undefined) headers['ETag'] = { description: 'Its version.', schema: { type: 'string' } };
  if (route.form === 'page')
    headers['Link'] = {
      description: 'The next page, as rel="next"; none on the last.',
      schema: { type: 'string' },
    };
  if (route.status === 202)
    headers['Location'] = { description: 'Where the operation is followed.', schema: { type: 'string' } };
  return {
    description: replyWords[route.form ?? 'one'],
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    content: contentOf(name, route, components),
  };
}

const replyWords = {
  one: 'The reply.',
  page: 'A page of them.',
  text: 'Markdown.',
  lines: 'A JSON object a line; each has the schema that is named here.',
  events:
    'Server-sent events: the data of each is JSON of the schema that is named here, its id the number of the event. Comments come while nothing happens. An event of type `end` is the last one, one of type `problem` tells why the stream could not go on; a stream that ends without either is asked for again with Last-Event-ID.',
};

function contentOf(name: RouteName, { form }: Route, components: Components): Documented {
  if (form === 'text') return { 'text/markdown': { schema: { type: 'string' } } };
  const type =
    form === 'events' ? 'text/event-stream' : form === 'lines' ? 'application/x-ndjson' : 'application/json';
  return { [type]: { schema: components.replyOf(name) } };
}

const problemRef = { $ref: '#/components/responses/Problem' };
const problemReply = {
  description: 'What went wrong, and what to do next (RFC 9457). `code` is of docs/reference/errors.md.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** The statuses that a route may refuse with by its data; others come from what it does. */
function problemsOf(route: Route): number[] {
  const takesInput = route.body !== undefined || route.params !== undefined || route.query !== undefined;
  return [
    ...(takesInput ? [failureStatus['request-invalid']] : []),
    ...(route.permission === null ? [] : [failureStatus['not-authenticated']]),
    ...(route.permission === null || route.permission === 'self' ? [] : [failureStatus['not-allowed']]),
    ...(route.params === undefined ? [] : [failureStatus['route-unknown']]),
    ...(route.body === undefined
      ? []
      : [failureStatus['body-too-large'], failureStatus['media-type-unknown']]),
    ...(route.method !== 'GET' && route.etag !== undefined ? [failureStatus['version-conflict']] : []),
    ...(route.etag === 'required' ? [failureStatus['version-required']] : []),
    failureStatus['too-many-requests'],
  ];
}
