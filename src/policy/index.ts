export { policy } from './policy.js';
export type { AnyPolicy, Policy } from './make-policy.js';
export type { HedgeOptions } from './forks.js';
export { service, type Service } from './service.js';

// elements
export { pass } from './pass.js';
export { never } from './never.js';
export { fail } from './fail.js';

// layers
export { timeout } from './timeout.js';
export { delay } from './delay.js';
export type { TimeOptions } from './check-time.js';
export { retry, type RetryOptions } from './retry.js';
export { bulkhead, type BulkheadOptions } from './bulkhead.js';
export { breaker, type Breaker, type BreakerOptions } from './breaker.js';
export { tap } from './tap.js';
export { fromCockatiel, type CockatielPolicy } from './cockatiel.js';
