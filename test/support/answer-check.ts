/**
 * Holds answers against the server's own OpenAPI document: status, media type and body. The schemas are strict, so an answer
 * with a field that the document forgot fails as one without a field that it promises.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Content {
  readonly schema: object;
}
interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
}
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}
export interface CheckedAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
}

/** Statuses of the server itself, before any route: they are not listed with each. */
const OF_THE_SERVER = [408, 431];

/** Returns a check that throws, telling what the document does not say; undescribed routes pass. */
export function answerCheck(document: ApiDocument): (method: string, url: string, answer: CheckedAnswer) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const compiled = new Map<object, ValidateFunction>();
  const paths = Object.entries(document.paths)
    .map(([path, methods]) => ({ path, methods, pattern: new RegExp(`^${path.replace(/\./g, '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`) }))
    // A literal part wins over a parameter, as in the router.
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  return (method, url, answer) => {
    const place = url.split('?')[0] ?? '';
    const matches = paths.filter(({ pattern, methods }) => pattern.test(place) && methods[method.toLowerCase()] !== undefined);
    const operation = matches[0]?.methods[method.toLowerCase()];
    if (operation === undefined || OF_THE_SERVER.includes(answer.status)) return;
    const said = `${method} ${matches[0]?.path} answered ${answer.status}`;
    const response = operation.responses[answer.status];
    if (response === undefined) throw new Error(`${said}, which the document does not list: ${answer.text.slice(0, 300)}`);
    if (response.content === undefined) {
      if (answer.text !== '') throw new Error(`${said} with a body, and the document says that it has none: ${answer.text.slice(0, 300)}`);
      return;
    }
    const type = String(answer.headers['content-type']).split(';')[0] ?? '';
    const content = response.content[type];
    if (content === undefined) throw new Error(`${said} as ${type}; the document knows ${Object.keys(response.content).join(', ')}`);
    if (!type.endsWith('/json') && !type.endsWith('+json')) return;
    const validate = compiled.get(content.schema) ?? ajv.compile({ ...content.schema, components: document.components });
    compiled.set(content.schema, validate);
    if (validate(JSON.parse(answer.text))) return;
    const wrong = (validate.errors ?? [])
      .slice(0, 5)
      .map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
    throw new Error(`${said} with a body unlike the document's schema: ${wrong.join('; ')}\n${answer.text.slice(0, 600)}`);
  };
}
