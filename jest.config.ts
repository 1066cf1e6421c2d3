import type { Config } from 'jest';

const config: Config = {
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  reporters: ['default', '<rootDir>/spec/support/skipped-reporter.mjs'],
  // ms; far more than a spec takes, so that none fails because the machine is busy.
  testTimeout: 30_000,
  // Copies of the package.
  modulePathIgnorePatterns: ['<rootDir>/packed/', '<rootDir>/site/'],
  // Those start server programs, and are run by `npm run test:servers`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/spec/servers/'],
  // Types are checked by `npm run types`; here they are only taken away. Some packages come as ES modules alone.
  transform: {
    '\\.ts$|/node_modules/(?:string-width|get-east-asian-width|strip-ansi|ansi-regex)/.*\\.js$': [
      'ts-jest',
      { tsconfig: { target: 'ES2022', module: 'CommonJS', isolatedModules: true, allowJs: true, rootDir: '.' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(?:string-width|get-east-asian-width|strip-ansi|ansi-regex)/)'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1', '^rx-happy-eyeballs$': '<rootDir>/src/index.ts' },
};

export default config;
