/** Goal: Airflow's variables, filters and macros say what they say there. Method: a table, and a supervisor in memory. */
import { describe, expect, test } from 'vitest';
import { AppError } from '#core/errors.ts';
import type { RequestBody } from '#core/task-protocol.ts';
import { render } from './rendering.ts';

test.each([
  ['{{ ds }} {{ ds_nodash }}', '2026-11-22 20261122'],
  ['{{ ts }} {{ ts_nodash }} {{ ts_nodash_with_tz }}', '2026-11-22T00:00:00+00:00 20261122T000000 20261122T000000+0000'],
  ['{{ logical_date }}', '2026-11-22T00:00:00+00:00'],
  ['{{ data_interval_start }} {{ data_interval_end | ds }}', '2026-11-22T00:00:00+00:00 2026-11-23'],
  ['{{ run_id }} {{ dag_run.run_id }} {{ dag_run.run_type }}', 'scheduled__2026-11-22 scheduled__2026-11-22 scheduled'],
  ['{{ params.limit }} {{ params["name"] }} {{ params["items"] | length }}', '10 north 2'],
  ['{{ dag_run.conf.name }} {{ dag_run.conf.get("none", "x") }} {{ dag_run.conf["limit"] }}', 'north x 10'],
  ['{{ ti.task_id }} {{ task_instance.try_number }} {{ ti.map_index }} {{ task.task_id }} {{ dag.dag_id }}', 'load 2 -1 load etl'],
  ['{{ task_instance_key_str }}', 'etl__load__20261122'],
  ['{{ logical_date.strftime("%Y/%m/%d %H:%M %A %B %j %-d %%") }}', '2026/11/22 00:00 Sunday November 326 22 %'],
  ['{{ logical_date.isoformat() }} {{ logical_date.date() }} {{ logical_date.year }}', '2026-11-22T00:00:00+00:00 2026-11-22 2026'],
  ['{{ logical_date.add(days=1, hours=2) }} {{ logical_date.subtract(months=9) | ds }}', '2026-11-23T02:00:00+00:00 2026-02-22'],
  ['{{ (logical_date + macros.timedelta(days=10)) | ds_nodash }}', '20261202'],
  ['{{ data_interval_end - data_interval_start }} {{ (data_interval_end - data_interval_start).total_seconds() }}', '1 day, 0:00:00 86400'],
  ['{{ logical_date.in_timezone("Europe/Berlin") }}', '2026-11-22T01:00:00+01:00'],
  [
    '{{ logical_date.start_of("month") | ds }} {{ logical_date.end_of("month") | ds }} {{ logical_date.weekday() }}',
    '2026-11-01 2026-11-30 6',
  ],
  ['{{ macros.ds_add(ds, 7) }} {{ macros.ds_add("2026-03-01", -1) }}', '2026-11-29 2026-02-28'],
  ['{{ macros.ds_format(ds, "%Y-%m-%d", "%d.%m.%y") }}', '22.11.26'],
  ['{{ macros.datetime(2026, 1, 31).strftime("%d %b") }} {{ macros.datetime.strptime("31/01/26", "%d/%m/%y") | ds }}', '31 Jan 2026-01-31'],
  ['{{ macros.json.loads("[1, 2]") | sum }} {{ macros.json.dumps({"a": 1}) }}', '3 {"a": 1}'],
  ['{% if logical_date < data_interval_end %}before{% endif %}', 'before'],
  [
    '{{ "2026-01-31 06:00" | ts }} {{ "2026-01-31T06:00:00+02:00" | ts }} {{ "20260131" | length }}',
    '2026-01-31T06:00:00+00:00 2026-01-31T04:00:00+00:00 8',
  ],
  [
    '{{ macros.datetime(2024, 1, 31).add(months=1) | ds }} {{ macros.datetime(2024, 2, 29).subtract(years=1) | ds }}',
    '2024-02-29 2023-02-28',
  ],
  ['{{ macros.datetime(2026, 3, 29).in_tz("Europe/Berlin").add(days=1) }}', '2026-03-30T01:00:00+02:00'],
  ['{{ macros.datetime(2025, 12, 29).strftime("%G-W%V-%u %U %W %y %I %p") }}', '2026-W01-1 52 52 25 12 AM'],
  ['{{ macros.timedelta(days=-1, hours=1) }} {{ macros.timedelta(hours=26) / 2 }}', '-1 day, 1:00:00 13:00:00'],
  [
    '{{ macros.datetime(2026, 12, 31, 23, 59).end_of("minute") }} {{ macros.datetime(33, 3, 1).strftime("%j") }}',
    '2026-12-31T23:59:59.999000+00:00 060',
  ],
  ['{{ macros.datetime(33, 1, 1).year }} {{ macros.datetime(99, 2, 1).add(months=1) | ds }}', '33 0099-03-01'],
  ['{{ "2026-01-31T06:00:00Z" | ts_nodash }} {{ none | ds }}', '20260131T060000 None'],
])('%s', async (template, expected) => {
  expect(await render(template)).toBe(expected);
});

test('a run without a logical date has the moment at which it was due', async () => {
  const attempt = { logicalDate: null, dataIntervalStart: null, dataIntervalEnd: null, runAfter: '2026-11-23T10:11:12.345Z' };
  expect(await render('{{ ds }} {{ ts }} {{ data_interval_end | ts_nodash }}', { attempt })).toBe(
    '2026-11-23 2026-11-23T10:11:12.345000+00:00 20261123T101112',
  );
});

test('dates that a schema made of params are dates', async () => {
  expect(await render('{{ params.day | ds }} {{ params.day.year }}', { params: { day: new Date('2026-02-03T00:00:00Z') } })).toBe(
    '2026-02-03 2026',
  );
});

test.each([
  ['{{ execution_date }}', /"execution_date" is not available\. It is gone since Airflow 3, too\. Use logical_date/],
  ['{{ yesterday_ds }}', /Use macros\.ds_add\(ds, -1\)/],
  ['{{ macros.uuid.uuid4() }}', /macros\.uuid is not available\. It gives another text on every try/],
  ['{{ macros.datetime.now() }}', /another text on every try/],
  ['{{ ti.hostname }}', /ti\.hostname is not available/],
  ['{{ dag_run.cnf }}', /dag_run has no "cnf"\. Did you mean "conf"/],
  ['{{ logical_date.strftme("%Y") }}', /a date has no function "strftme"\. Did you mean "strftime"/],
  ['{{ logical_date.strftime("%Q") }}', /"%Q" is no directive/],
  ['{{ logical_date.in_timezone("Mars") }}', /"Mars" is not a time zone/],
  ['{{ "2026-02-31" | ds }}', /is not an ISO date/],
  ['{{ macros.datetime(2026, 2, 31) }}', /is not an ISO date/],
  ['{{ macros.datetime.strptime("31.02.2026", "%d.%m.%Y") }}', /is not a date that exists/],
  ['{{ macros.datetime.strptime("1", "%f%f") }}', /%f stands twice/],
  ['{{ "tomorrow" | ds }}', /"tomorrow" is not an ISO date/],
  ['{{ macros.ds_add(ds) }}', /macros\.ds_add needs its argument "days"/],
  ['{{ logical_date.add(years=99999) }}', /outside of the years/],
])('%s says what to write instead', async (template, message) => {
  await expect(render(template)).rejects.toThrow(message);
});

describe('what lies with the supervisor', () => {
  const asked: RequestBody[] = [];
  const answer = (body: RequestBody): unknown => {
    asked.push(body);
    if (body.what === 'variable') return { region: 'eu', settings: '{"deep": {"n": 5}}', bad: '{' }[body.key] ?? null;
    if (body.what === 'xcom_pull')
      return { extract: { rows: 3 }, when: { $windlass: 'date', value: '2026-01-01T00:00:00.000Z' } }[body.taskId];
    if (body.what === 'connection' && body.id === 'db')
      return { id: 'db', type: 'postgres', host: 'h', port: 5432, login: 'me', password: 'pw', schema: 'main', extra: { mode: 'x' } };
    throw new AppError('CONNECTION_NOT_FOUND', `There is no connection "${(body as { id: string }).id}". Set WINDLASS_CONN_…`);
  };
  const fetch = (template: string) => {
    asked.length = 0;
    return render(template, { answer });
  };

  test.each([
    ['{{ var.value.region }} {{ var.value.get("none", "dflt") }} {{ var.value["region"] }}', 'eu dflt eu'],
    ['{{ var.json.settings.deep.n + 1 }} {{ var.json.get("none", {"a": 1}).a }}', '6 1'],
    ['{{ var.value.none | default("d") }} {{ var.value.none is defined }}', 'd False'],
    ['{{ conn.db.host }}:{{ conn.db.port }}/{{ conn.db.schema }} {{ conn.db.login }} {{ conn.db.conn_type }}', 'h:5432/main me postgres'],
    ['{{ conn.db.extra_dejson.mode }} {{ conn.db.extra }} {{ conn.get("none", none) }}', 'x {"mode": "x"} None'],
    ['{{ ti.xcom_pull("extract").rows }} {{ ti.xcom_pull(task_ids="extract")["rows"] }}', '3 3'],
    ['{{ ti.xcom_pull("when") | ds }} {{ ti.xcom_pull(["extract", "none"]) }}', "2026-01-01 [{'rows': 3}, None]"],
    ['{{ ti.xcom_pull("none") or "empty" }} {{ ti.xcom_pull("none") is none }} {{ ti.xcom_pull("none", default=1) }}', 'empty True 1'],
    ['{% for t in ["extract"] %}{{ ti.xcom_pull(t).rows }}{% endfor %}', '3'],
  ])('%s', async (template, expected) => {
    expect(await fetch(template)).toBe(expected);
  });

  test('is asked for once, and only when the template reaches it', async () => {
    await fetch('{{ var.value.region }}{{ var.value.region }}{% if false %}{{ conn.none.host }}{% endif %}');
    expect(asked).toEqual([{ what: 'variable', key: 'region' }]);
  });

  test('a template inside a fetched value stays text', async () => {
    expect(await render('{{ var.value.x }}', { answer: () => '{{ ds }}' })).toBe('{{ ds }}');
  });

  test.each([
    ['{{ var.value.none }}', /There is no variable "none"\. Set the environment variable WINDLASS_VAR_NONE .* \/api\/v2\/variables/],
    ['{{ conn.none.host }}', /column 9: There is no connection "none"\. Set WINDLASS_CONN_/],
    ['{{ var.json.bad }}', /The variable "bad" is not JSON/],
    ['{{ var.region }}', /var has no "region"\. Known: value, json/],
    ['{{ conn.db.pasword }}', /conn\.db has no "pasword"\. Did you mean "password"/],
    ['{{ ti.xcom_pull("none") }}', /Task "none" has no result in this run\. Does this task wait for it/],
    ['{{ ti.xcom_pull("a", dag_id="b") }}', /Task "a" has no result in the run of "b"/],
  ])('%s says how to add what is missing', async (template, message) => {
    await expect(fetch(template)).rejects.toThrow(message);
  });

  test('a failing supervisor is no fault of the template', async () => {
    const failing = render('{{ var.value.x }}', {
      answer: () => {
        throw new AppError('DATABASE_UNAVAILABLE', 'away');
      },
    });
    await expect(failing).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', message: 'away' });
  });

  test('a template that looks up without end is stopped', async () => {
    await expect(fetch('{% for i in range(500) %}{{ ti.xcom_pull("t" ~ i) or "" }}{% endfor %}')).rejects.toThrow(/at most 100/);
  });
});

describe('macros of plugins', () => {
  const macros = {
    workdays: {
      after: (day: unknown, count: unknown) => new Date((day as Date).getTime() + Number(count) * 86_400_000),
      fails: () => {
        throw new Error('no calendar');
      },
      slow: async () => 1,
    },
  };

  test('take and give dates', async () => {
    expect(await render('{{ macros.workdays.after(logical_date, 2) | ds }}', { macros })).toBe('2026-11-24');
  });

  test.each([
    ['{{ macros.workdays.fails() }}', /macros\.workdays\.fails failed: no calendar/],
    ['{{ macros.workdays.slow() }}', /is asynchronous/],
    ['{{ macros.workdays.aftr() }}', /Did you mean "after"/],
    ['{{ macros.workday.after() }}', /macros has no "workday"\. Did you mean "workdays"/],
    ['{{ macros.workdays.constructor("x") }}', /has no "constructor"/],
  ])('%s is refused', async (template, message) => {
    await expect(render(template, { macros })).rejects.toThrow(message);
  });
});
