/** Ids in paths, parsed by allow-list at the border. `~` stands for all where a list allows it. */
import { z } from 'zod';
import { isKey, isRunId } from '#core/ids.ts';
import { integer } from '../http/list-query-schema.ts';

/** An id that is no key cannot exist; 404s come from the lookups, this only bounds the text. */
const bounded = z.string().min(1).max(250);
const key = bounded.refine((text) => text === '~' || isKey(text), 'Use the characters A-Z a-z 0-9 _ . - in an id');
const runId = bounded.refine((text) => text === '~' || isRunId(text), 'Use the characters A-Z a-z 0-9 _ . ~ : + - in a run id');

/** Of what is named freely: a URL takes these for a way up, so that nothing could ever reach it again. */
export const isAddressable = (name: string): boolean => name !== '.' && name !== '..';
export const NOT_ADDRESSABLE = 'A name must not be "." or "..": no URL could hold it';

export const dagPath = z.object({ dag_id: key });
export const runPath = z.object({ dag_id: key, dag_run_id: runId });
export const taskPath = z.object({ dag_id: key, task_id: key });
export const instancePath = z.object({ dag_id: key, dag_run_id: runId, task_id: key });
export const mappedInstancePath = z.object({ dag_id: key, dag_run_id: runId, task_id: key, map_index: integer });
export const tryPath = z.object({ dag_id: key, dag_run_id: runId, task_id: key, try_number: integer });
export const xcomPath = z.object({ dag_id: key, dag_run_id: runId, task_id: key, xcom_key: z.string().min(1).max(512) });
export const mapIndexQuery = z.object({ map_index: integer.default(-1) });
