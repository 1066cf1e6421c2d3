import { defineConfig } from 'tsdown';

// Libraries stay outside, as dependencies; one that is bundled by accident ends the build.
export default defineConfig([
  {
    entry: {
      index: 'src/index.ts',
      agent: 'src/stand-in/agent.ts',
      undici: 'src/stand-in/undici.ts',
      register: 'src/stand-in/register.ts',
      policy: 'src/policy/index.ts',
      otel: 'src/observe/otel.ts',
      prometheus: 'src/observe/prometheus.ts',
      testing: 'src/testing/index.ts',
    },
    format: ['esm', 'cjs'],
    dts: true,
    target: 'node20',
    deps: { onlyBundle: [] },
  },
  {
    entry: { cli: 'src/cli/bin.ts' },
    format: 'esm',
    dts: false,
    target: 'node20',
    deps: { onlyBundle: [] },
  },
]);
