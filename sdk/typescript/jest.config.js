/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
  // The one limit of every test: generous, so that a busy machine passes. It ends only what hangs.
  testTimeout: 600_000,
  maxWorkers: 2,
};
