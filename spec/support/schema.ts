import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads what a command printed with `--json`, which must be as docs/COMMAND.schema.json has it. */
export function schema(command: string): (stdout: string) => unknown {
  const file = join(__dirname, '..', '..', 'docs', `${command}.schema.json`);
  const validate = new Ajv2020({ allErrors: true, strictTypes: false }).compile(JSON.parse(readFileSync(file, 'utf8')) as object);
  return (stdout) => {
    const json: unknown = JSON.parse(stdout);
    validate(json);
    expect(validate.errors ?? []).toEqual([]);
    return json;
  };
}
