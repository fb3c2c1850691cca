import { ClusterDescription, Pause, Policy, PolicyTarget, Retention, Schedule } from '@holdfast/model';
import { Problem, routes, type Route, type RouteName } from '@holdfast/model/api';
import * as fleet from '@holdfast/model/fleet';
import { z } from 'zod';

/** A JSON Schema (2020-12), as OpenAPI 3.1 has them. */
export type JsonSchema = Record<string, unknown>;

/** The schemas that stand under their own names. */
const named: Readonly<Record<string, z.ZodType>> = {
  Cluster: fleet.FleetCluster,
  ClusterSpec: fleet.ClusterSpec,
  Node: fleet.FleetNode,
  Inventory: fleet.Inventory,
  Repository: fleet.FleetRepository,
  RepositorySpec: fleet.RepositorySpec,
  ClusterPolicy: fleet.FleetPolicy,
  Policy,
  PolicyTarget,
  Pause,
  Retention,
  Schedule,
  Snapshot: fleet.FleetSnapshot,
  Operation: fleet.Operation,
  OperationStep: fleet.OperationStep,
  OperationEvent: fleet.OperationEvent,
  FailureTold: fleet.FailureTold,
  RestoreRequest: fleet.RestoreRequest,
  ClusterDescription,
  Placement: fleet.Placement,
  Alert: fleet.FleetAlert,
  Receiver: fleet.Receiver,
  ReceiverSpec: fleet.ReceiverSpec,
  ReceiverSecret: fleet.ReceiverSecret,
  User: fleet.User,
  Token: fleet.Token,
  Grant: fleet.Grant,
  AuditEntry: fleet.AuditEntry,
  Problem,
};

/** The schemas of what is sent, and of what is told: in one a default may be left out, in the other it is always there. */
export interface Components {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** A reference to the schema of a route's body or reply. */
  bodyOf(name: RouteName): JsonSchema;
  replyOf(name: RouteName): JsonSchema;
}

/** All schemas that the routes need. */
export function makeComponents(): Components {
  const sent = collect('body', 'input', 'Input');
  const told = collect('reply', 'output', '');
  return {
    schemas: Object.fromEntries(
      Object.entries({ ...told.schemas, ...sent.schemas }).toSorted(([one], [other]) =>
        one < other ? -1 : 1,
      ),
    ),
    bodyOf: sent.refOf,
    replyOf: told.refOf,
  };
}

function collect(field: 'body' | 'reply', io: 'input' | 'output', suffix: string) {
  const registry = z.registry<{ id: string }>();
  const ids = new Map<z.ZodType, string>();
  const add = (schema: z.ZodType, id: string): void => {
    if (ids.has(schema)) return;
    ids.set(schema, `${id}${suffix}`);
    registry.add(schema, { id: `${id}${suffix}` });
  };
  for (const [id, schema] of Object.entries(named)) add(schema, id);
  const roots = new Map<RouteName, string>();
  for (const [name, route] of Object.entries<Route>(routes)) {
    const schema = route[field];
    if (schema === undefined || schema === null || route.form === 'text') continue;
    add(schema, `${name[0]!.toUpperCase()}${name.slice(1)}${field === 'body' ? '' : 'Reply'}`);
    roots.set(name as RouteName, ids.get(schema)!);
  }
  const { schemas } = z.toJSONSchema(registry, {
    ...{ io, uri, unrepresentable: 'any' },
    override: ({ jsonSchema }) => {
      // What is told may be more one day.
      if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
    },
  });
  const clean = Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, withoutIds(schema as JsonSchema)]),
  );
  // `Problem` is what every route may reply.
  const wanted = [...roots.values(), ...(field === 'reply' ? ['Problem'] : [])];
  return {
    schemas: reachable(clean, wanted),
    refOf: (name: RouteName): JsonSchema => ({ $ref: uri(roots.get(name)!) }),
  };
}

const uri = (id: string): string => `#/components/schemas/${id}`;

function withoutIds({ $id: _id, $schema: _schema, ...rest }: JsonSchema): JsonSchema {
  return rest;
}

/** Those that are referred to from the wanted ones, themselves included. */
function reachable(
  schemas: Readonly<Record<string, JsonSchema>>,
  wanted: readonly string[],
): Record<string, JsonSchema> {
  const found = new Set<string>();
  const waiting = [...wanted];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    const text = JSON.stringify(schemas[id]);
    waiting.push(...[...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]!));
  }
  return Object.fromEntries([...found].map((id) => [id, schemas[id]!]));
}
