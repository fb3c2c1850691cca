import { backupRoutes } from './backup-routes.ts';
import { clusterRoutes } from './cluster-routes.ts';
import { operationRoutes } from './operation-routes.ts';
import { peopleRoutes } from './people-routes.ts';

export { PageQuery, pageOf, Problem, type Route } from './route.ts';

/** Every route of the REST API `/v1`, by name. */
export const routes = { ...clusterRoutes, ...backupRoutes, ...operationRoutes, ...peopleRoutes };
export type Routes = typeof routes;
export type RouteName = keyof Routes;
