import { defineConfig } from 'vitest/config'

/** quick: every commit. full: adds what is slow or needs Debian packages. soak: long counts only. */
const FULL = ['tests/sdk/**/*.test.ts', 'tests/chaos/**/*.test.ts', 'tests/**/*.full.test.ts']
const SOAK = ['tests/**/*.soak.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'quick',
          include: ['tests/**/*.test.ts'],
          exclude: [...FULL, ...SOAK],
          testTimeout: 20_000,
        },
      },
      { test: { name: 'full', include: FULL, exclude: SOAK, testTimeout: 120_000 } },
      { test: { name: 'soak', include: SOAK, testTimeout: 3_600_000 } },
    ],
  },
})
