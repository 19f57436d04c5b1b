/** The templates of one attempt. The engine is loaded when the first is rendered: most tasks have none. */
import type { AttemptContext } from '#core/task-protocol.ts';
import type { InputTree, TaskDefinition } from '../definition.ts';
import type { Macros } from '../plugin.ts';
import type { TemplateSettings } from '../template-settings.ts';
import type { TaskHost } from './task-host.ts';
import { hasTemplates } from './template/field-tree.ts';
import type { TemplateRenderer } from './template/template-renderer.ts';

export interface TemplatesOptions {
  readonly attempt: AttemptContext;
  /** Validated. */
  readonly params: unknown;
  readonly macros: Macros;
  readonly host: TaskHost;
  /** What the DAG adds; absent in bundles of an older sdk. */
  readonly own?: TemplateSettings | undefined;
  /** Texts of files that fields name. */
  readonly files?: ReadonlyMap<string, string> | undefined;
}

export class Templates {
  readonly #options: TemplatesOptions;
  #renderer: Promise<TemplateRenderer> | null = null;

  constructor(options: TemplatesOptions) {
    this.#options = options;
  }

  /** Rejects with TemplateError, or with the supervisor's error of a failed look-up. */
  async render(text: string, values?: Readonly<Record<string, unknown>>): Promise<string> {
    return (await this.#load()).render(text, values);
  }

  /** The task's inputs with their template fields rendered; each is told in the log. */
  async renderFields(task: TaskDefinition): Promise<InputTree | null> {
    if (!hasTemplates(task)) return task.input;
    const { renderTemplateFields } = await import('./template/template-fields.ts');
    return renderTemplateFields(task, await this.#load(), this.#options.host);
  }

  #load(): Promise<TemplateRenderer> {
    this.#renderer ??= import('./template/template-renderer.ts').then(({ TemplateRenderer }) => new TemplateRenderer(this.#options));
    return this.#renderer;
  }
}
