/** The REST API as OpenAPI and as a page, both from the route table. */
export { openApiDocument } from './document.ts';
export { apiReferencePage } from './reference-page.ts';
