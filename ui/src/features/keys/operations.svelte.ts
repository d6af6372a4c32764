// Phare's operations, for every part of the page that speaks of them.
import type { OperationView } from '../../bindings';
import { app } from '../../state/app.svelte';
import { Resource } from '../../state/resource.svelte';

export const operations = new Resource<OperationView[]>(() => app.ask('list_operations', null));
