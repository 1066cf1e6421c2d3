import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/** The system's own browser: Debian's package is `chromium`. */
function executable(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'chromium')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Describes what is seen in a browser; where there is none it is skipped, and says so. */
export function describeInChromium(name: string, specs: (browser: () => Browser) => void): void {
  const executablePath = executable();
  if (executablePath === undefined) {
    const why = 'needs chromium on the PATH';
    if (process.env.CI) throw new Error(`must not be skipped in CI: ${why}`);
    describe.skip(`${name} (skipped: ${why})`, () => {
      specs(() => {
        throw new Error(why);
      });
    });
    return;
  }
  describe(name, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      // Root has no sandbox, and shared memory is small in containers.
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    }, 60_000);
    afterAll(() => browser?.close());
    specs(() => browser!);
  });
}
