/** What a repository holds, and how that grows. */
export { repositoryStats, type ClusterStats, type RepositoryStats } from './repository-stats.ts';
