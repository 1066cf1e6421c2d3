import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads what a command printed with `--json`, which must be as docs/COMMAND.schema.json has it. */
export function schema(command: string): (stdout: string) => unknown {
  const own = textOf(`${command}.schema.json`);
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false });
  const others = new Set([...own.matchAll(/"\$ref": "([\w.]+)#/g)].map(([, file]) => file!));
  for (const file of others) ajv.addSchema(JSON.parse(textOf(file)) as object, file);
  const validate = ajv.compile(JSON.parse(own) as object);
  return (stdout) => {
    const json: unknown = JSON.parse(stdout);
    validate(json);
    expect(validate.errors ?? []).toEqual([]);
    return json;
  };
}

function textOf(file: string): string {
  return readFileSync(join(__dirname, '..', '..', 'docs', file), 'utf8');
}
